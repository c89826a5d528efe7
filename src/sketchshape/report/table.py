"""A table of scores: what was measured, what was published, and what the paper prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sketchshape.metrics import NAMES
from sketchshape.report.quoted import AP, PR20, quoted_rows, remark

MEASURED, OFFICIAL, QUOTED = "measured", "official", "quoted"
SPREAD = "± is one sample standard deviation over the seeds."
SOURCES = {
    OFFICIAL: "Official: published statistics of the SHREC'13 track, not measured here.",
    QUOTED: "Quoted: as printed in [CGN], not measured here.",
}
CLOSED = "The quoted rows are of a closed gallery, another protocol, and no comparison."
OTHER_MAP = "* In this row the mAP column is the mean of the 20-point precision-recall curve, another number."


@dataclass(frozen=True)
class Interval:
    """A mean difference with its percentile interval.

    Args:
        mean: of the differences.
        low: 2.5 percent of the resampled means lie below.
        high: 2.5 percent lie above.
    """

    mean: float
    low: float
    high: float

    @property
    def sure(self) -> bool:
        """Whether zero is outside."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Row:
    """A line of the table; figures in percent.

    Args:
        method: its name.
        backbone: its network, "-" for hand-crafted features.
        source: where the figures are from, in words.
        kind: measured, official (statistics of the track) or quoted (from the paper).
        percent: the six measures; None for a method without a single trained seed.
        spread: sample standard deviations over the seeds; None for one seed and for what is not measured.
        map_kind: what the mAP column means.
        delta: mAP minus that of the baseline, with its interval.
        seconds: of training, mean over the seeds; None outside a comparison.
        peak_mb: most memory of the training process, mean over the seeds; None outside a comparison.
        also: protocol -> mAP of the same networks, asked what that protocol asks.
    """

    method: str
    backbone: str
    source: str
    kind: str
    percent: tuple[float, ...] | None
    spread: tuple[float, ...] | None = None
    map_kind: str = AP
    delta: Interval | None = None
    seconds: float | None = None
    peak_mb: float | None = None
    also: Mapping[str, float] = field(default_factory=dict)

    def figures(self) -> list[str]:
        """Give the six measures as text: one decimal, with the spread where there is one."""
        if self.percent is None:
            return ["–"] * len(NAMES)
        texts = [f"{value:.1f}" for value in self.percent]
        if self.spread is not None:
            texts = [f"{text} ± {spread:.1f}" for text, spread in zip(texts, self.spread, strict=True)]
        if self.map_kind == PR20:
            texts[-1] += "*"
        return texts


def printed(layout: str) -> list[Row]:
    """Give the paper's rows that belong beside a data set; none for data that the paper does not have."""
    return [
        Row(
            row.method, row.backbone, f"quoted, Table {row.table}", QUOTED, row.percent, map_kind=row.map_kind
        )
        for row in quoted_rows(layout)
    ]


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
    kinds = {row.kind for row in rows}
    found = [SPREAD if any(row.spread is not None for row in rows) else ""]
    found += [text for kind, text in SOURCES.items() if kind in kinds]
    if QUOTED in kinds:
        found += [remark(layout), CLOSED if protocol != "closed" else ""]
    found.append(OTHER_MAP if any(row.map_kind == PR20 for row in rows) else "")
    return [note for note in found if note]


def best(rows: Sequence[Row]) -> list[set[int]]:
    """Find the measured rows with the highest figure of each measure, to the decimal that is shown."""
    own = [(place, row.percent) for place, row in enumerate(rows) if row.kind == MEASURED and row.percent]
    columns = []
    for column in range(len(NAMES)):
        shown = {place: round(percent[column], 1) for place, percent in own}
        columns.append({place for place, value in shown.items() if value == max(shown.values())})
    return columns
