"""How a mean over queries varies when classes, queries and trainings are drawn anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from sketchshape.files import digest
from sketchshape.types import F64, I64

RESAMPLES = 10_000
_DRAWS = 250_000  # queries drawn at a time: their places and counts are the only large arrays


def resampled_means(
    precision: Sequence[F64],
    seeds: Sequence[tuple[int, ...]],
    labels: I64,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> F64:
    """Average AP over classes, queries and trainings that are drawn with replacement, many times.

    Each time as many classes are drawn as there are, in each drawn class as many queries as it has, and as
    many trainings of a method as it has. The mean is over the drawn queries, as mAP is over all. Queries are
    the same for all methods, and so are trainings for methods with the same seeds; of methods with other
    seeds they are drawn apart.

    Args:
        precision: for each method (its seeds, Q), AP 0..1 of each query.
        seeds: for each method its seeds, in the order of the rows.
        labels: (Q,) class of each query.
        resamples: how many times.
        seed: of the draws.

    Returns:
        (methods, resamples) means 0..1.

    Raises:
        ValueError: there are no queries, a shape is not as above, or a value is not finite.
    """
    for values, own in zip(precision, seeds, strict=True):
        if values.shape != (len(own), len(labels)) or values.size == 0 or not np.isfinite(values).all():
            raise ValueError(
                f"AP has shape {values.shape}, expected finite ({len(own)}, {len(labels)}), 1 or more each"
            )
    weights = {own: _trainings(own, resamples, seed) for own in seeds}
    stacked, ends = np.concatenate(precision), np.cumsum([len(own) for own in seeds])
    means, start = np.empty((len(seeds), resamples)), 0
    for counts in _queries(labels, resamples, seed):
        of_seeds = np.split(counts @ stacked.T / counts.sum(axis=1, keepdims=True), ends[:-1], axis=1)
        chunk = slice(start, start + len(counts))
        for place, (own, columns) in enumerate(zip(seeds, of_seeds, strict=True)):
            means[place, chunk] = (weights[own][chunk] * columns).sum(axis=1)
        start += len(counts)
    return means


def _queries(labels: I64, resamples: int, seed: int) -> Iterator[F64]:
    """Count how often each query is drawn: (some resamples, Q) at a time."""
    of_classes, of_queries = (np.random.default_rng([seed, stream]) for stream in (0, 1))
    _, own = np.unique(labels, return_inverse=True)
    sizes, order, count = np.bincount(own), np.argsort(own, kind="stable"), len(labels)
    starts = np.cumsum(sizes) - sizes  # of each class in `order`
    most = max(1, _DRAWS // count)
    for start in range(0, resamples, most):
        rows = min(most, resamples - start)
        drawn = of_classes.integers(len(sizes), size=(rows, len(sizes)))
        many = sizes[drawn]
        each = np.repeat(many.ravel(), many.ravel())
        places = np.repeat(starts[drawn].ravel(), many.ravel())
        places += (of_queries.random(len(each)) * each).astype(np.int64)
        places = order[places] + count * np.repeat(np.arange(rows), many.sum(axis=1))
        yield np.bincount(places, minlength=rows * count).reshape(rows, count).astype(np.float64)


def _trainings(seeds: tuple[int, ...], resamples: int, seed: int) -> F64:
    """Give the share that each training has of the drawn ones: (resamples, seeds)."""
    random = np.random.default_rng([seed, 2, int(digest("trainings", list(seeds))[:8], 16)])
    drawn = random.integers(len(seeds), size=(resamples, len(seeds)))
    return np.asarray(np.stack([(drawn == place).mean(axis=1) for place in range(len(seeds))], axis=1))
