"""The measures of one query, each a function of where the relevant shapes stand in the ranking.

Everywhere `ranks` is (C,) int64: the ascending 1-based ranks of ALL relevant shapes, so that C is the full
size of the query's class in the gallery. An index behind the end of a short gallery finds nothing more to
count; the denominators stay as they are. Source: [SHREC13], checked against its published statistics.
"""

from __future__ import annotations

import numpy as np

from sketchshape.types import F64, I64

E_DEPTH = 32  # results that E looks at: about one page
LEVELS = 20  # recall levels of the precision-recall curve: 1/20, 2/20, ... 1


def nearest_neighbor(ranks: I64) -> float:
    """NN: whether the first shape is relevant, 0 or 1."""
    return float(ranks[0] == 1)


def tier(ranks: I64, times: int) -> float:
    """FT (`times` = 1) and ST (`times` = 2): the recall among the first `times` * C shapes, 0..1."""
    return float(np.mean(ranks <= times * len(ranks)))


def e_measure(ranks: I64) -> float:
    """E: the harmonic mean of precision and recall among the first 32 shapes, 0..1, higher is better."""
    found = int(np.count_nonzero(ranks <= E_DEPTH))
    return 2 * found / (E_DEPTH + len(ranks))


def discounted_gain(ranks: I64) -> float:
    """DCG of the whole list over that of a perfect one, 0..1; ranks 1 and 2 weigh the same."""
    return float(_gain(ranks) / _gain(np.arange(1, len(ranks) + 1)))


def average_precision(ranks: I64) -> float:
    """AP: the mean over the relevant shapes of the precision at their rank, 0..1."""
    return float(np.mean(_precision(ranks)))


def precision_recall(ranks: I64) -> F64:
    """Precision at the 20 recall levels, interpolated linearly and with no monotone envelope.

    Returns:
        (20,) float64, 0..1; NaN at levels below the first relevant shape, and everywhere for a class of one.
    """
    count = len(ranks)
    steps = np.arange(1, LEVELS + 1) * count  # in twentieths of a relevant shape, so that comparing is exact
    curve = np.interp(steps / LEVELS, np.arange(1, count + 1), _precision(ranks))
    return np.where((steps >= LEVELS) & (count >= 2), curve, np.nan)


def _precision(ranks: I64) -> F64:
    return np.arange(1, len(ranks) + 1) / ranks


def _gain(ranks: I64) -> np.float64:
    return np.sum(1 / np.log2(np.maximum(ranks, 2)))
