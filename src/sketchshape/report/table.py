"""A table of scores: what was measured, what was published, and what the paper prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sketchshape.metrics import NAMES

AP, PR20 = "AP", "PR-20"  # mean average precision; the mean of the 20-point curve is another number
MEASURED, OFFICIAL, QUOTED = "measured", "official", "quoted"
SIGNIFICANT = 0.05
PUBLISHED = "published"  # heading of what is not measured, below groups


@dataclass(frozen=True)
class Interval:
    """A mean difference with its percentile interval.

    Args:
        mean: of the differences.
        low: 2.5 percent of the resampled differences lie below.
        high: 2.5 percent lie above.
        p: two-sided p-value 0..1 of no difference; in a table it is corrected for the rows of its column.
    """

    mean: float
    low: float
    high: float
    p: float

    def times(self, factor: float) -> Interval:
        """Give the same in another unit."""
        return Interval(factor * self.mean, factor * self.low, factor * self.high, self.p)

    @property
    def sure(self) -> bool:
        """Whether the method is ahead of the other, or behind: 0 is outside, and p at most 5 percent."""
        return (self.low > 0 or self.high < 0) and self.p <= SIGNIFICANT


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
        map_kind: what the mAP column means: AP or PR20.
        deltas: baseline -> mAP minus its mAP, with the interval.
        seconds: of training, mean over the seeds; None outside a comparison.
        peak_mb: most memory of the training process, mean over the seeds; None outside a comparison.
        searched: settings that a search tried and the seconds it had for that; None where there was none.
        also: protocol -> mAP of the same networks, asked what that protocol asks.
        group: heading that a measured row stands under; rows of different groups are never compared.
    """

    method: str
    backbone: str
    source: str
    kind: str
    percent: tuple[float, ...] | None
    spread: tuple[float, ...] | None = None
    map_kind: str = AP
    deltas: Mapping[str, Interval] = field(default_factory=dict)
    seconds: float | None = None
    peak_mb: float | None = None
    searched: tuple[int, float] | None = None
    also: Mapping[str, float] = field(default_factory=dict)
    group: str = ""

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


@dataclass(frozen=True)
class Table:
    """Rows, and what is to be known about them.

    Args:
        title: above it in the terminal.
        rows: of one run or of a comparison; those that were measured first.
        strong: method whose measured row stands out.
        remarks: sentences below it.
        problems: what is not in its figures.
        baselines: methods that differences are taken to, the main one first.
    """

    title: str
    rows: Sequence[Row]
    strong: str
    remarks: Sequence[str] = ()
    problems: Sequence[str] = ()
    baselines: Sequence[str] = ()

    @property
    def compared(self) -> bool:
        """Whether it is of a comparison, which has columns for differences and cost."""
        return any(row.seconds is not None for row in self.rows)

    @property
    def searched(self) -> bool:
        """Whether a search chose the settings of any row, so that there is a column for it."""
        return any(row.searched for row in self.rows)

    @property
    def parts(self) -> list[str]:
        """The protocols that the same networks were asked by as well."""
        return list(dict.fromkeys(name for row in self.rows for name in row.also))

    @property
    def grouped(self) -> bool:
        """Whether rows stand in groups."""
        return any(row.group for row in self.rows)

    @property
    def blocks(self) -> list[tuple[str, list[int]]]:
        """Headings with the places of their rows, published ones last; one without a heading if no groups."""
        if not self.grouped:
            return [("", list(range(len(self.rows))))]
        found: dict[str, list[int]] = {}
        for place, row in enumerate(self.rows):
            found.setdefault(row.group or PUBLISHED, []).append(place)
        return list(found.items())

    @property
    def best(self) -> list[set[int]]:
        """The measured rows with the highest figure of each measure in their group, to the decimal shown."""
        columns: list[set[int]] = [set() for _ in NAMES]
        for _, places in self.blocks:
            own = {place: self.rows[place].percent for place in places if self.rows[place].kind == MEASURED}
            for column, best in enumerate(columns):
                shown = {place: round(percent[column], 1) for place, percent in own.items() if percent}
                best |= {place for place, value in shown.items() if value == max(shown.values())}
        return columns
