"""Write the tables, pictures and the page of a comparison."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from sketchshape.bench.results import Results
from sketchshape.bench.tables.formats import to_csv, to_latex, to_markdown
from sketchshape.bench.tables.official import Official
from sketchshape.bench.tables.table import Row, notes, problems, table_rows
from sketchshape.errors import ArtefactError, MissingExtraError
from sketchshape.files import atomic


def write_tables(results: Results, out: Path, official: Sequence[Official] = ()) -> list[Row]:
    """Write table.md, table.csv, table.tex, per_class.csv, the pictures and table.html.

    Args:
        results: the comparison, as far as it is trained.
        out: its folder.
        official: statistics of the track's entries.

    Returns:
        The rows of the table.

    Raises:
        MissingExtraError: matplotlib or jinja2 is not installed.
        ArtefactError: not one method is trained.
    """
    for package in ("matplotlib", "jinja2"):
        if find_spec(package) is None:
            raise MissingExtraError(package, "train")
    from sketchshape.bench.tables.page import build_page
    from sketchshape.bench.tables.pictures import draw_classes, draw_curves

    rows = table_rows(results, official)
    remarks, missing = notes(results, rows), problems(results)
    if not results.trained:
        raise ArtefactError(f"{out}: not one method is trained; {'; '.join(missing[:2])}")
    _write(out / "table.md", to_markdown(rows, remarks, missing))
    _write(out / "table.csv", to_csv(rows))
    _write(out / "table.tex", to_latex(rows, remarks, missing))
    _write(out / "per_class.csv", classes_csv(results))
    pictures = [out / "pr.png"]
    draw_curves(pictures[0], results, official)
    if results.baseline is not None and len(results.trained) > 1:
        pictures.append(out / "per_class.png")
        draw_classes(pictures[1], results)
    _write(out / "table.html", build_page(results, rows, remarks, missing, pictures))
    return rows


def classes_csv(results: Results) -> str:
    """Write the mean AP of each class, in percent, with a column for each trained method."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    columns = {method.entry.label: method.by_class() for method in results.trained}
    writer.writerow(["class", *columns])
    for label in sorted(next(iter(columns.values()))):
        writer.writerow([results.classes[label], *(100 * column[label] for column in columns.values())])
    return stream.getvalue()


def _write(path: Path, text: str) -> None:
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
