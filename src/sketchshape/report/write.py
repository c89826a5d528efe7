"""Write the report of a run: tables, pictures, and one page with all of it."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from sketchshape.errors import MissingExtraError
from sketchshape.files import atomic
from sketchshape.report.formats import to_csv, to_latex, to_markdown
from sketchshape.report.rows import run_notes, run_rows
from sketchshape.report.table import Row
from sketchshape.runs.results import read_run


def write_report(run: Path, out: Path | None = None, *, cache: Path | None = None) -> Path:
    """Write the report of a trained run.

    Args:
        run: the run folder: run.json, seed-*/embeddings.npz, and items.json for the pictures.
        out: folder for table.md, table.csv, table.tex, the PNG files and index.html; RUN/report by default.
        cache: folder of rendered views; None is the usual one.

    Returns:
        The folder that was written.

    Raises:
        MissingExtraError: matplotlib or jinja2 is not installed.
        ArtefactError: a file of the run is missing, or the files do not belong together.
    """
    need_page()
    from sketchshape.report.facts import build_report
    from sketchshape.report.figures import draw_all

    folder = run / "report" if out is None else out
    loaded = read_run(run)
    rows = run_rows(loaded.record, [seed.scores.to_json() for seed in loaded.seeds])
    remarks = run_notes(loaded.record, rows)
    write_table(folder, rows, remarks)
    pictures = draw_all(loaded, folder, cache)
    write_text(folder / "index.html", build_report(loaded, rows, remarks, pictures, folder))
    return folder


def need_page() -> None:
    """Say before anything is written if a package for pictures and pages is missing.

    Raises:
        MissingExtraError: matplotlib or jinja2 is not installed.
    """
    for package in ("matplotlib", "jinja2"):
        if find_spec(package) is None:
            raise MissingExtraError(package, "train")


def write_table(
    folder: Path, rows: Sequence[Row], remarks: Sequence[str], problems: Sequence[str] = ()
) -> None:
    """Write table.md, table.csv and table.tex.

    Args:
        folder: where to.
        rows: of the table.
        remarks: sentences below it.
        problems: what is not in its figures.
    """
    write_text(folder / "table.md", to_markdown(rows, remarks, problems))
    write_text(folder / "table.csv", to_csv(rows))
    write_text(folder / "table.tex", to_latex(rows, remarks, problems))


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
