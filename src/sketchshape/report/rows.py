"""The table of a run: what was measured, before what the paper prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

from sketchshape.config.backbone import names_shown
from sketchshape.metrics import NAMES
from sketchshape.report.quoted import quoted_rows, remark
from sketchshape.report.table import MEASURED, OFFICIAL, PR20, QUOTED, Row, Table

_SPREAD = "± is one sample standard deviation over the seeds."
_OFFICIAL = "Official: published statistics of the SHREC'13 track, not measured here."
_QUOTED = "Quoted: as printed in [CGN], not measured here."
_CLOSED = "The quoted rows are of a closed gallery, another protocol, and no comparison."
_PR20 = "* In this row the mAP column is the mean of the 20-point precision-recall curve, another number."


def run_table(record: Mapping[str, Any], scores: Sequence[Mapping[str, Any]]) -> Table:
    """Put the mean of the seeds before the rows of the paper that belong to the data set.

    Args:
        record: the content of run.json.
        scores: what `Scores.to_json` gave, for each seed.
    """
    settings = record["settings"]
    data = settings["data"]
    columns = [[100 * float(one[name]) for one in scores] for name in NAMES]
    own = Row(
        method=method_shown(settings),
        backbone=backbones_shown(settings["backbone"]),
        source=counted(len(scores), len(scores)),
        kind=MEASURED,
        percent=tuple(fmean(column) for column in columns),
        spread=tuple(stdev(column) for column in columns) if len(scores) > 1 else None,
    )
    rows = [own, *quoted_rows(data["layout"])]
    remarks = notes(rows, data["layout"], data.get("protocol", "closed"))
    return Table(f"{record['name']}, percent", rows, own.method, remarks)


def method_shown(settings: Mapping[str, Any]) -> str:
    """Name the method of a run: CGN, which way round, or the file of another one."""
    if (method := settings.get("method", "cgn")) != "cgn":
        return str(method)
    swapped = settings.get("teacher", {}).get("modality") == "sketch"
    return "CGN, sketch teaches shape" if swapped else "CGN"


def counted(seeds: int, planned: int) -> str:
    """Say where a measured row is from: of how many seeds."""
    if planned == 1:
        return "measured, one seed"
    return f"measured, {seeds} of {planned} seeds" if seeds < planned else f"measured, {seeds} seeds"


def notes(rows: Sequence[Row], layout: str, protocol: str) -> list[str]:
    """Give the sentences that belong below every table.

    Args:
        rows: of the table.
        layout: of the data set.
        protocol: which shapes were held out of training, if any.
    """
    quoted = any(row.kind == QUOTED for row in rows)
    found = {
        _SPREAD: any(row.spread is not None for row in rows),
        _OFFICIAL: any(row.kind == OFFICIAL for row in rows),
        _QUOTED: quoted,
        remark(layout): quoted,
        _CLOSED: quoted and protocol != "closed",
        _PR20: any(row.map_kind == PR20 for row in rows),
    }
    return [note for note, holds in found.items() if note and holds]


def backbones_shown(backbone: Mapping[str, Any]) -> str:
    """Name the network of the shapes, and after a stroke what differs for the sketches."""
    own = names_shown(backbone["name"])
    other = backbone.get("sketch_name") or backbone.get("sketch_weights")
    return f"{own} / {names_shown(other)}" if other else own
