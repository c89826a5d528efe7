"""Write the report of a run: tables, pictures, and one page with all of it."""

from __future__ import annotations

from pathlib import Path

from sketchshape.errors import demand_packages
from sketchshape.files import write_text
from sketchshape.report.formats import to_csv, to_latex, to_markdown
from sketchshape.report.rows import run_table
from sketchshape.report.table import Table
from sketchshape.runs.results import read_run

FOR_PAGE = ("train", "matplotlib", "jinja2")  # the extra, and what pictures and pages need of it


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
    demand_packages(*FOR_PAGE)
    from sketchshape.report.facts import about
    from sketchshape.report.figures import draw_all
    from sketchshape.report.page import build_page

    folder = run / "report" if out is None else out
    loaded = read_run(run)
    table = run_table(loaded.record, [seed.scores.to_json() for seed in loaded.seeds])
    write_table(folder, table)
    pictures = draw_all(loaded, folder, cache)
    page = build_page("sketchshape.report/report.html.j2", table, pictures, folder, **about(loaded, table))
    write_text(folder / "index.html", page)
    return folder


def write_table(folder: Path, table: Table) -> None:
    """Write table.md, table.csv and table.tex."""
    for suffix, form in (("md", to_markdown), ("csv", to_csv), ("tex", to_latex)):
        write_text(folder / f"table.{suffix}", form(table))
