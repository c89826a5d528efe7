"""A table in the terminal: eighty columns are few."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from sketchshape.metrics import NAMES
from sketchshape.report.formats import compared
from sketchshape.report.table import MEASURED, Row

SHORT = ("±", "Δ mAP", "s")  # of a comparison: the spread of mAP alone, the difference, seconds


def print_rows(rows: Sequence[Row], title: str, strong: str = "", console: Console | None = None) -> None:
    """Show the rows.

    Args:
        rows: of the table.
        title: above it.
        strong: method whose measured row stands out.
        console: where to; standard output by default.
    """
    console = console or Console()
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    several = compared(rows)
    for name in ("method", *NAMES, *(SHORT if several else ("source",))):
        table.add_column(name, justify="left" if name in ("method", "source") else "right")
    for row in rows:
        name = row.method if several and row.kind == MEASURED else f"{row.method}, {row.backbone}"
        if row.percent is None:
            table.add_row(name, *row.figures(), row.source, style="red")
            continue
        style = "dim" if row.kind != MEASURED else "bold" if row.method == strong else ""
        figures = [text.split(" ± ")[0] for text in row.figures()]
        table.add_row(name, *figures, *(_short(row) if several else [row.kind]), style=style)
        if row.spread and not several:
            table.add_row("±", *(f"{spread:.1f}" for spread in row.spread), row.source.split(", ")[-1])
    console.print(table)
    if any(row.delta and not row.delta.sure for row in rows):
        console.print("?: the 95 % interval of the difference holds 0", style="dim", highlight=False)


def print_lines(lines: Sequence[str], style: str, console: Console | None = None) -> None:
    """Show sentences below a table."""
    for line in lines:
        (console or Console()).print(line, style=style, markup=False, highlight=False)


def _short(row: Row) -> list[str]:
    delta = f"{row.delta.mean:+.1f}{'' if row.delta.sure else ' ?'}" if row.delta else ""
    seconds = "" if row.seconds is None else f"{row.seconds:.0f}"
    return [f"{row.spread[-1]:.1f}" if row.spread else "", delta, seconds]
