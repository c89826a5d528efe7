"""A table in the terminal: eighty columns are few."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import rich.table
from rich.console import Console

from sketchshape.metrics import NAMES
from sketchshape.report.formats import deltas
from sketchshape.report.rows import run_table
from sketchshape.report.table import MEASURED, Row, Table
from sketchshape.runs.results import read_record
from sketchshape.say import shown


def print_run(run: Path, console: Console | None = None) -> None:
    """Show the table of a run, from the scores in run.json.

    Args:
        run: the run folder.
        console: where to; standard output by default.

    Raises:
        ArtefactError: run.json is missing or has no finished seed.
    """
    record = read_record(run)
    print_table(run_table(record, [seed["scores"] for seed in record["seeds"].values()]), console)


def print_table(table: Table, console: Console | None = None) -> None:
    """Show a table, without the remarks of a comparison: there are many, and all of them in its files."""
    console = console or Console()
    for name, places in table.blocks:
        console.print(_grid(table, shown(f"{table.title}: {name}" if name else table.title), places))
    below = [] if table.compared else [(line, "dim") for line in table.remarks]
    if any(not delta.sure for row in table.rows for delta in row.deltas.values()):
        below.append(("?: the difference may be chance", "dim"))
    for line, style in [*below, *((line, "red") for line in table.problems)]:
        console.print(shown(line), style=style, markup=False, highlight=False)


def _grid(table: Table, title: str, places: Sequence[int]) -> rich.table.Table:
    grid = rich.table.Table(title=title, title_justify="left", box=None, pad_edge=False)
    columns = deltas(table) if table.compared else {}
    if table.grouped:  # a baseline of another group has no column here
        used = {base for place in places for base in table.rows[place].deltas}
        columns = {base: name for base, name in columns.items() if base in used}
    short = ("±", *columns.values(), "s") if table.compared else ("source",)
    for name in ("method", *NAMES, *short):
        grid.add_column(name, justify="left" if name in ("method", "source") else "right")
    for row in (table.rows[place] for place in places):
        own = row.kind == MEASURED
        name = _name(row, table.compared)
        if row.percent is None:
            grid.add_row(name, *row.figures(), row.source, style="red")
            continue
        more = _short(row, list(columns)) if table.compared else [row.kind]
        style = "dim" if not own else "bold" if row.method == table.strong else ""
        grid.add_row(name, *(text.split(" ± ")[0] for text in row.figures()), *more, style=style)
        if row.spread and not table.compared:
            grid.add_row("±", *(f"{spread:.1f}" for spread in row.spread), row.source.split(", ")[-1])
    return grid


def _name(row: Row, compared: bool) -> str:
    if compared and row.kind == MEASURED:  # all of them have the same backbone
        return row.method
    name = row.method if row.backbone == "-" else f"{row.method}, {row.backbone}"
    return f"{name} ({row.kind})" if compared else name


def _short(row: Row, baselines: Sequence[str]) -> list[str]:
    """Give the spread of mAP alone, the differences without intervals, and the seconds."""
    found = [row.deltas.get(one) for one in baselines]
    differences = [f"{one.mean:+.1f}{'' if one.sure else ' ?'}" if one else "" for one in found]
    seconds = "" if row.seconds is None else f"{row.seconds:.0f}"
    return [f"{row.spread[-1]:.1f}" if row.spread else "", *differences, seconds]
