"""The table of a run: what was measured, beside what the paper prints."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from rich.console import Console
from rich.table import Table

from sketchshape.report.quoted import AP, PR20, Quoted, quoted_rows, remark
from sketchshape.runs.results import read_record

NAMES = ("NN", "FT", "ST", "E", "DCG", "mAP")
_PR20_NOTE = (
    "* In this row the mAP column is the mean of the 20-point precision-recall curve, another number."
)
CLOSED = "The quoted rows are of a closed gallery, another protocol, and no comparison."
_HEAD = ("method", "backbone", *NAMES, "source")


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Args:
        method: its name.
        backbone: its network.
        percent: the six measures.
        spread: their sample standard deviations over seeds; None for quoted rows and single seeds.
        source: "measured", or "quoted" with the number of the table in [CGN].
        map_kind: what the mAP column means.
        measured: False for quoted rows.
    """

    method: str
    backbone: str
    percent: tuple[float, ...]
    spread: tuple[float, ...] | None
    source: str
    map_kind: str = AP
    measured: bool = False

    def cells(self) -> list[str]:
        """Give the six measures as text: one decimal, with the spread where there is one."""
        texts = [f"{value:.1f}" for value in self.percent]
        if self.spread is not None:
            texts = [f"{text} ± {spread:.1f}" for text, spread in zip(texts, self.spread, strict=True)]
        if self.map_kind == PR20:
            texts[-1] += "*"
        return texts


def table_rows(record: Mapping[str, Any], scores: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Put the mean of the seeds before the rows of the paper that belong to the data set.

    Args:
        record: the content of run.json.
        scores: what `Scores.to_json` gave, for each seed.

    Returns:
        The measured row, then the quoted ones.
    """
    settings = record["settings"]
    columns = [[100 * float(one[name]) for one in scores] for name in NAMES]
    several = len(scores) > 1
    swapped = settings.get("teacher", {}).get("modality") == "sketch"
    own = Row(
        method="CGN, sketch teaches shape" if swapped else "CGN",
        backbone=trunks(settings["backbone"]),
        percent=tuple(fmean(column) for column in columns),
        spread=tuple(stdev(column) for column in columns) if several else None,
        source=f"measured, {len(scores)} seeds" if several else "measured",
        measured=True,
    )
    return [own, *(_quoted(row) for row in quoted_rows(settings["data"]["layout"]))]


def trunks(backbone: Mapping[str, Any]) -> str:
    """Name the network of the shapes, and after a stroke what differs for the sketches."""
    other = backbone.get("sketch_name") or backbone.get("sketch_weights")
    return f"{backbone['name']} / {other}" if other else str(backbone["name"])


def notes(record: Mapping[str, Any], rows: Sequence[Row]) -> list[str]:
    """Give the sentences that belong below the table."""
    layout = record["settings"]["data"]["layout"]
    found = ["Quoted: as printed in [CGN], not measured here." if quoted_rows(layout) else "", remark(layout)]
    if record["settings"]["data"].get("protocol", "closed") != "closed" and quoted_rows(layout):
        found.append(CLOSED)
    if any(row.spread is not None for row in rows):
        found.append("± is one sample standard deviation over the seeds.")
    if any(row.map_kind == PR20 for row in rows):
        found.append(_PR20_NOTE)
    return [note for note in found if note]


def to_markdown(rows: Sequence[Row], remarks: Sequence[str]) -> str:
    """Write the table in Markdown, the measured row in bold."""
    lines = [" | ".join(_HEAD), " | ".join(["---", "---", *["---:"] * len(NAMES), "---"])]
    for row in rows:
        cells = [row.method, row.backbone, *row.cells(), row.source]
        lines.append(
            " | ".join(f"**{cell}**" if row.measured else cell.replace("*", r"\*") for cell in cells)
        )
    table = "\n".join(f"| {line} |" for line in lines)
    below = "".join(f"\n{note.replace('*', chr(92) + '*')}\n" for note in remarks)
    return f"Percent.\n\n{table}\n{below}"


def to_csv(rows: Sequence[Row]) -> str:
    """Write the table as CSV: percent in full precision, each spread in a column of its own."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["method", "backbone", *NAMES, *(f"{name}_sd" for name in NAMES), "map_kind", "source"])
    for row in rows:
        spread = row.spread or [""] * len(NAMES)
        writer.writerow([row.method, row.backbone, *row.percent, *spread, row.map_kind, row.source])
    return stream.getvalue()


def print_table(run: Path, console: Console | None = None) -> None:
    """Show the table of a run in the terminal, from the scores in run.json.

    Args:
        run: the run folder.
        console: where to; standard output by default.

    Raises:
        ArtefactError: run.json is missing or has no finished seed.
    """
    record = read_record(run)
    rows = table_rows(record, [seed["scores"] for seed in record["seeds"].values()])
    table = Table(title=f"{record['name']}, percent", title_justify="left", box=None, pad_edge=False)
    for name in _HEAD:
        table.add_column(name, justify="right" if name in NAMES else "left")
    for row in rows:
        style = "bold" if row.measured else "dim"
        texts = [text.split(" ± ")[0] for text in row.cells()]
        table.add_row(row.method, row.backbone, *texts, row.source.split(",")[0], style=style)
        if row.spread is not None:  # on a line of its own: eighty columns are few
            table.add_row("±", "", *(f"{spread:.1f}" for spread in row.spread), row.source.split(", ")[1])
    console = console or Console()
    console.print(table)
    for note in notes(record, rows):
        console.print(note, style="dim", markup=False, highlight=False)


def _quoted(row: Quoted) -> Row:
    return Row(
        row.method, row.backbone, row.percent, None, f"quoted, Table {row.table}", map_kind=row.map_kind
    )
