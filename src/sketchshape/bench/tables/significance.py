"""Whether a difference is more than chance, when a table has many of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sketchshape.report.table import Interval
from sketchshape.types import F64

_INSIDE = 0.95
_DIGITS = 12  # sums in another order differ behind them


def interval(mean: float, differences: F64) -> Interval:
    """Summarise the resampled differences of two methods.

    Args:
        mean: the difference that was measured, -1..1.
        differences: (B,) the same for each resample.

    Returns:
        The difference, its percentile interval, and its p-value, not corrected yet.
    """
    drawn, outside = np.round(differences, _DIGITS), (1 - _INSIDE) / 2
    low, high = np.quantile(drawn, [outside, 1 - outside])
    return Interval(round(mean, _DIGITS), float(low), float(high), two_sided(drawn))


def two_sided(differences: F64) -> float:
    """Estimate the p-value of no difference by the share of resamples on the other side of 0.

    Args:
        differences: (B,) of the resamples.

    Returns:
        Twice the smaller of (1 + count) / (1 + B) for those at or below 0 and for those at or above it, at
        most 1. It is never 0: B resamples cannot show less than 2 / (1 + B).
    """
    count = min(np.count_nonzero(differences <= 0), np.count_nonzero(differences >= 0))
    return float(min(1.0, 2 * (1 + count) / (1 + len(differences))))


def holm(values: Sequence[float]) -> list[float]:
    """Correct p-values for being many, step by step from the smallest.

    S. Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scand. Journal of Statistics 6, 1979.

    Args:
        values: (m,) p-values 0..1 of one family.

    Returns:
        (m,) corrected ones, in the same order: the k-th smallest times m + 1 - k, no smaller than the one
        before it, at most 1. Where those up to 0.05 are called significant, the chance of a single error is
        at most 5 percent, however the values depend on each other.
    """
    corrected, largest = [0.0] * len(values), 0.0
    for rank, place in enumerate(sorted(range(len(values)), key=lambda one: values[one])):
        largest = max(largest, min(1.0, (len(values) - rank) * values[place]))
        corrected[place] = largest
    return corrected
