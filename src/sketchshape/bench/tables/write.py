"""Write the tables, pictures and the page of a comparison."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from sketchshape.bench.results import Results
from sketchshape.bench.tables.official import Official
from sketchshape.bench.tables.rows import bench_table
from sketchshape.errors import ArtefactError, demand_packages
from sketchshape.files import write_text
from sketchshape.report.table import Table
from sketchshape.report.write import FOR_PAGE, write_table


def write_tables(results: Results, out: Path, official: Sequence[Official] = ()) -> Table:
    """Write table.md, table.csv, table.tex, per_class.csv, the pictures and table.html.

    Args:
        results: the comparison, as far as it is trained.
        out: its folder.
        official: statistics of the track's entries.

    Returns:
        The table.

    Raises:
        MissingExtraError: matplotlib or jinja2 is not installed.
        ArtefactError: not one method is trained.
    """
    demand_packages(*FOR_PAGE)
    from sketchshape.bench.tables.page import about
    from sketchshape.bench.tables.pictures import draw_all
    from sketchshape.report.page import build_page

    table = bench_table(results, official)
    if not results.trained:
        raise ArtefactError(f"{out}: not one method is trained; {'; '.join(table.problems[:2])}")
    write_table(out, table)
    write_text(out / "per_class.csv", classes_csv(results))
    pictures = draw_all(results, out, official)
    rest = about(results, table, pictures)
    page = build_page("sketchshape.bench.tables/bench.html.j2", table, pictures, out, **rest)
    write_text(out / "table.html", page)
    return table


def classes_csv(results: Results) -> str:
    """Write the mean AP of each class, in percent, with a column for each trained method."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    columns = {method.entry.label: method.by_class() for method in results.trained}
    writer.writerow(["class", *columns])
    for label in sorted(next(iter(columns.values()))):
        writer.writerow([results.classes[label], *(100 * column[label] for column in columns.values())])
    return stream.getvalue()
