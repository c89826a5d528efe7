"""Write the tables, pictures and the page of a comparison."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from sketchshape.bench.results import Results
from sketchshape.bench.tables.official import Official
from sketchshape.bench.tables.rows import bench_notes, problems, table_rows
from sketchshape.errors import ArtefactError
from sketchshape.report.table import Row
from sketchshape.report.write import need_page, write_table, write_text


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
    need_page()
    from sketchshape.bench.tables.page import build_comparison
    from sketchshape.bench.tables.pictures import draw_all

    rows = table_rows(results, official)
    remarks, missing = bench_notes(results, rows), problems(results)
    if not results.trained:
        raise ArtefactError(f"{out}: not one method is trained; {'; '.join(missing[:2])}")
    write_table(out, rows, remarks, missing)
    write_text(out / "per_class.csv", classes_csv(results))
    pictures = draw_all(results, out, official)
    write_text(out / "table.html", build_comparison(results, rows, remarks, missing, pictures, out))
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
