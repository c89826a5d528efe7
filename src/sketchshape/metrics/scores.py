"""The result of an evaluation: means, the curve, and what they are means of."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sketchshape.types import F64, I64

MEASURES = ("nn", "ft", "st", "e", "dcg", "map")  # in the order of every table of the field
NAMES = ("NN", "FT", "ST", "E", "DCG", "mAP")  # of the same, in print


@dataclass(frozen=True, eq=False)
class PerQuery:
    """The values of each query that counts.

    Args:
        index: (N,) which query it is.
        nn: (N,) float64, 0 or 1; the others are float64 too, 0..1.
        ft: (N,) first tier.
        st: (N,) second tier.
        e: (N,) E-measure.
        dcg: (N,) discounted cumulated gain.
        map: (N,) average precision; named like the mean that it goes into.
        pr: (N, 20) precision at the recall levels, NaN where a query does not count.
    """

    index: I64
    nn: F64
    ft: F64
    st: F64
    e: F64
    dcg: F64
    map: F64
    pr: F64

    def means(self, chosen: slice | I64 = slice(None)) -> dict[str, float]:
        """Average each of `MEASURES` over the chosen rows."""
        return {name: float(np.mean(getattr(self, name)[chosen])) for name in MEASURES}


@dataclass(frozen=True, eq=False)
class Scores:
    """How well a set of queries retrieves a gallery; every score is a fraction, 0..1.

    Args:
        nn: nearest neighbor, a mean over the queries that count, like the next five.
        ft: first tier.
        st: second tier.
        e: E-measure; its ceiling lies below 1.
        dcg: discounted cumulated gain.
        map: mean average precision.
        map_pr20: mean of the 20-point curve: the "mAP" of some rows in print, not comparable with `map`.
        map_padded: mean of the precisions after padding each query with zeros to the largest class that is
            asked for: the "mAP" of the distributed MATLAB script; far below 1 even for a perfect ranking.
        pr: (20,) float64, precision at recall 1/20, 2/20, ... 1; NaN at a level where no query counts.
        per_query: the values that were averaged.
        per_class: class label -> measure -> mean over the queries of that class.
        queries: queries that count.
        gallery: shapes in the gallery.
        skipped: queries left out because the gallery has no shape of their class.
    """

    nn: float
    ft: float
    st: float
    e: float
    dcg: float
    map: float
    map_pr20: float
    map_padded: float
    pr: F64
    per_query: PerQuery
    per_class: Mapping[Hashable, Mapping[str, float]]
    queries: int
    gallery: int
    skipped: int

    @property
    def over_classes(self) -> dict[str, float]:
        """The mean over classes of the class means: every class weighs the same."""
        return {name: float(np.mean([row[name] for row in self.per_class.values()])) for name in MEASURES}

    def to_json(self) -> dict[str, float | int | list[float | None] | None]:
        """Give the numbers as JSON values: fractions, under the names of the tables; NaN becomes None."""
        curve = [None if np.isnan(value) else float(value) for value in self.pr]
        return {
            **{name: getattr(self, measure) for name, measure in zip(NAMES, MEASURES, strict=True)},
            "mAP_pr20": None if np.isnan(self.map_pr20) else self.map_pr20,
            "mAP_padded": self.map_padded,
            "PR": curve,
            "queries": self.queries,
            "gallery": self.gallery,
            "skipped": self.skipped,
        }


def mean_and_spread(runs: Sequence[Scores]) -> dict[str, tuple[float, float]]:
    """Average over seeds.

    Args:
        runs: one or more results on the same queries and gallery.

    Returns:
        Each of `MEASURES` -> (mean, sample standard deviation), fractions; the deviation of one run is NaN.

    Raises:
        ValueError: `runs` is empty.
    """
    if not runs:
        raise ValueError("there are no scores to average, expected those of at least one seed")
    columns = {name: np.array([getattr(run, name) for run in runs]) for name in MEASURES}
    spread = {name: float(np.std(c, ddof=1)) if len(c) > 1 else float("nan") for name, c in columns.items()}
    return {name: (float(np.mean(column)), spread[name]) for name, column in columns.items()}
