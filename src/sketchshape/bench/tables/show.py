"""The table of a comparison in the terminal, and as one JSON object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from sketchshape.bench.results import NAMES, Results
from sketchshape.bench.tables.table import MEASURED, Row, problems


def print_rows(results: Results, rows: Sequence[Row], console: Console | None = None) -> None:
    """Show the rows in the terminal; eighty columns are few, so the spread of mAP alone is there.

    Args:
        results: the comparison.
        rows: of its table.
        console: where to; standard output by default.
    """
    title = f"{results.bench.name}, percent, protocol {results.bench.run.data.protocol}"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for name in ("method", *NAMES, "±", "Δ mAP", "s"):
        table.add_column(name, justify="left" if name == "method" else "right")
    for row in rows:
        label = row.label if row.kind == MEASURED else f"{row.label}, {row.backbone} ({row.kind})"
        if row.percent is None:
            table.add_row(label, *["–"] * len(NAMES), row.source, style="red")
            continue
        figures = [f"{value:.1f}" for value in row.percent]
        spread = f"{row.spread[-1]:.1f}" if row.spread else ""
        delta = f"{row.delta.mean:+.1f}{'' if row.delta.sure else ' ?'}" if row.delta else ""
        seconds = "" if row.seconds is None else f"{row.seconds:.0f}"
        style = "bold" if row.label == results.bench.baseline and row.kind == MEASURED else ""
        table.add_row(label, *figures, spread, delta, seconds, style=style if row.kind == MEASURED else "dim")
    console = console or Console()
    console.print(table)
    if any(row.delta and not row.delta.sure for row in rows):
        console.print("?: the 95 % interval of the difference holds 0", style="dim", highlight=False)
    for problem in problems(results):
        console.print(problem, style="red", markup=False, highlight=False)


def to_json(results: Results, rows: Sequence[Row]) -> dict[str, Any]:
    """Give the measured rows as fractions, with the differences to the baseline and what is missing."""
    return {
        "name": results.bench.name,
        "baseline": results.bench.baseline,
        "protocol": results.bench.run.data.protocol,
        "methods": {row.label: _fractions(row) for row in rows if row.kind == MEASURED and row.percent},
        "problems": problems(results),
    }


def _fractions(row: Row) -> dict[str, Any]:
    spread = row.spread or [None] * len(NAMES)
    delta = None
    if row.delta:
        delta = {name: getattr(row.delta, name) / 100 for name in ("mean", "low", "high")}
    return {
        **{name: value / 100 for name, value in zip(NAMES, row.percent or (), strict=True)},
        "spread": {
            name: value / 100 if value is not None else None
            for name, value in zip(NAMES, spread, strict=True)
        },
        "delta_mAP": delta,
        "seconds": row.seconds,
        "peak_mb": row.peak_mb,
        "also": {name: value / 100 for name, value in row.also.items()},
    }
