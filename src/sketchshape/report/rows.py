"""The rows of a run: what was measured, before what the paper prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from rich.console import Console

from sketchshape.metrics import NAMES
from sketchshape.report.table import MEASURED, Row, counted, notes, printed
from sketchshape.report.terminal import print_lines, print_rows
from sketchshape.runs.results import read_record


def run_rows(record: Mapping[str, Any], scores: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Put the mean of the seeds before the rows of the paper that belong to the data set.

    Args:
        record: the content of run.json.
        scores: what `Scores.to_json` gave, for each seed.

    Returns:
        The measured row, then the quoted ones.
    """
    settings = record["settings"]
    columns = [[100 * float(one[name]) for one in scores] for name in NAMES]
    swapped = settings.get("teacher", {}).get("modality") == "sketch"
    own = Row(
        method="CGN, sketch teaches shape" if swapped else "CGN",
        backbone=trunks(settings["backbone"]),
        source=counted(len(scores), len(scores)),
        kind=MEASURED,
        percent=tuple(fmean(column) for column in columns),
        spread=tuple(stdev(column) for column in columns) if len(scores) > 1 else None,
    )
    return [own, *printed(settings["data"]["layout"])]


def run_notes(record: Mapping[str, Any], rows: Sequence[Row]) -> list[str]:
    """Give the sentences that belong below the table of a run."""
    data = record["settings"]["data"]
    return notes(rows, data["layout"], data.get("protocol", "closed"))


def trunks(backbone: Mapping[str, Any]) -> str:
    """Name the network of the shapes, and after a stroke what differs for the sketches."""
    other = backbone.get("sketch_name") or backbone.get("sketch_weights")
    return f"{backbone['name']} / {other}" if other else str(backbone["name"])


def print_table(run: Path, console: Console | None = None) -> None:
    """Show the table of a run in the terminal, from the scores in run.json.

    Args:
        run: the run folder.
        console: where to; standard output by default.

    Raises:
        ArtefactError: run.json is missing or has no finished seed.
    """
    record = read_record(run)
    rows = run_rows(record, [seed["scores"] for seed in record["seeds"].values()])
    print_rows(rows, f"{record['name']}, percent", rows[0].method, console)
    print_lines(run_notes(record, rows), "dim", console)
