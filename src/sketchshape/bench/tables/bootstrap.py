"""How sure a difference between two methods is, by drawing the queries anew."""

from __future__ import annotations

import numpy as np

from sketchshape.report.table import Interval
from sketchshape.types import F64

RESAMPLES = 10_000
LEVEL = 0.95
_CHUNK = 500  # resamples at a time: their queries are the only large array


def paired_bootstrap(differences: F64, *, resamples: int = RESAMPLES, seed: int = 0) -> Interval:
    """Draw as many queries as there are, with replacement, many times, and average their differences.

    Args:
        differences: (Q,) of each query: AP of one method minus AP of the other, each a mean over its seeds.
        resamples: how many times.
        seed: of the draws; the same draws for all methods of a table.

    Returns:
        The mean of `differences` and its 95 percent percentile interval. It says how much hangs on the choice
        of the queries, not how much a network varies from training to training.

    Raises:
        ValueError: there are no differences, or one is not finite.
    """
    values = np.asarray(differences, np.float64)
    if values.ndim != 1 or len(values) == 0 or not np.isfinite(values).all():
        raise ValueError(f"differences have shape {values.shape}, expected finite (Q,), at least 1")
    random, count = np.random.default_rng(seed), len(values)
    means = np.concatenate(
        [
            values[random.integers(count, size=(min(_CHUNK, resamples - start), count))].mean(axis=1)
            for start in range(0, resamples, _CHUNK)
        ]
    )
    outside = (1 - LEVEL) / 2
    low, high = np.quantile(means, [outside, 1 - outside])
    return Interval(float(values.mean()), float(low), float(high))
