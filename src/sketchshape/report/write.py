"""Write the report of a run: tables, pictures, and one page with all of it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from sketchshape.errors import MissingExtraError
from sketchshape.files import atomic
from sketchshape.report.table import notes, table_rows, to_csv, to_markdown
from sketchshape.runs.results import read_run


def write_report(run: Path, out: Path | None = None, *, cache: Path | None = None) -> Path:
    """Write the report of a trained run.

    Args:
        run: the run folder: run.json, seed-*/embeddings.npz, and items.json for the pictures.
        out: folder for table.md, table.csv, the PNG files and index.html; RUN/report by default.
        cache: folder of rendered views; None is the usual one.

    Returns:
        The folder that was written.

    Raises:
        MissingExtraError: matplotlib or jinja2 is not installed.
        ArtefactError: a file of the run is missing, or the files do not belong together.
    """
    for package in ("matplotlib", "jinja2"):
        if find_spec(package) is None:
            raise MissingExtraError(package, "train")
    from sketchshape.report.figures import draw_all
    from sketchshape.report.page import build_page

    folder = run / "report" if out is None else out
    loaded = read_run(run)
    rows = table_rows(loaded.record, [seed.scores.to_json() for seed in loaded.seeds])
    remarks = notes(loaded.record, rows)
    _write(folder / "table.md", to_markdown(rows, remarks))
    _write(folder / "table.csv", to_csv(rows))
    pictures = draw_all(loaded, folder, cache)
    _write(folder / "index.html", build_page(loaded, rows, remarks, pictures, folder))
    return folder


def _write(path: Path, text: str) -> None:
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
