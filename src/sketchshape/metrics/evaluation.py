"""Every measure of a similarity matrix, in one call."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sketchshape.metrics import measures
from sketchshape.metrics.ranking import relevant_ranks
from sketchshape.metrics.scores import MEASURES, PerQuery, Scores
from sketchshape.types import F64, I64

Labels: TypeAlias = NDArray[Any] | Sequence[Hashable]


def evaluate(similarity: NDArray[Any], query_labels: Labels, gallery_labels: Labels) -> Scores:
    """Measure how well each query ranks the shapes of its class: per query first, then the mean.

    Equal similarities keep the order of the gallery, so a network that gives everything the same score gains
    nothing from it, as long as the gallery is not sorted in favour of the queries.

    Args:
        similarity: (Q, G) float, higher is more alike; half precision and memory maps are not copied whole.
        query_labels: (Q,) integers or strings, the class of each query.
        gallery_labels: (G,) of the same kind, the class of each shape.

    Returns:
        The scores; queries whose class has no shape are left out and counted in `skipped`.

    Raises:
        ValueError: the sizes do not fit, a similarity is not finite, or no query has a shape of its class.
    """
    similarity = np.asarray(similarity)
    queries, gallery = _labels(query_labels), _labels(gallery_labels)
    _check(similarity, len(queries), len(gallery))
    codes = {label: code for code, label in enumerate(dict.fromkeys(gallery))}
    query_codes = np.array([codes.get(label, -1) for label in queries], dtype=np.int64)
    gallery_codes = np.array([codes[label] for label in gallery], dtype=np.int64)
    if not (query_codes >= 0).any():
        raise ValueError(
            f"none of the {len(queries)} queries has a shape of its class among the {len(gallery)} of the "
            "gallery; are both labelled with the same names?"
        )
    per_query = _measure(similarity, query_codes, gallery_codes)
    sizes = np.bincount(gallery_codes)[query_codes[per_query.index]]
    return _average(per_query, sizes, queries, len(gallery))


def _measure(similarity: NDArray[Any], query_codes: I64, gallery_codes: I64) -> PerQuery:
    index, rows, curves = [], [], []
    for query, ranks in relevant_ranks(similarity, query_codes, gallery_codes):
        index.append(query)
        rows.append(
            (
                measures.nearest_neighbor(ranks),
                measures.tier(ranks, 1),
                measures.tier(ranks, 2),
                measures.e_measure(ranks),
                measures.discounted_gain(ranks),
                measures.average_precision(ranks),
            )
        )
        curves.append(measures.precision_recall(ranks))
    columns = dict(zip(MEASURES, np.array(rows, dtype=np.float64).T, strict=True))
    return PerQuery(index=np.array(index, dtype=np.int64), pr=np.array(curves), **columns)


def _average(per_query: PerQuery, sizes: I64, queries: list[Hashable], gallery: int) -> Scores:
    counted = len(per_query.index)
    by_class: dict[Hashable, list[int]] = {}
    for row, query in enumerate(per_query.index):
        by_class.setdefault(queries[query], []).append(row)
    curve = _mean_of_numbers(per_query.pr, axis=0)
    return Scores(
        **per_query.means(),
        map_pr20=float(_mean_of_numbers(curve, axis=0)),
        map_padded=float(np.mean(per_query.map * sizes) / sizes.max()),
        pr=curve,
        per_query=per_query,
        per_class={label: per_query.means(np.array(rows)) for label, rows in by_class.items()},
        queries=counted,
        gallery=gallery,
        skipped=len(queries) - counted,
    )


def _mean_of_numbers(values: F64, axis: int) -> F64:
    """Average what is not NaN; NaN where nothing is left."""
    numbers = ~np.isnan(values)
    count = numbers.sum(axis=axis)
    total = np.where(numbers, values, 0).sum(axis=axis)
    return np.asarray(np.where(count, total / np.maximum(count, 1), np.nan))


def _labels(labels: Labels) -> list[Hashable]:
    array = np.asarray(labels)
    if array.ndim != 1:
        raise ValueError(f"labels have shape {array.shape}, expected one label for each row: (n,)")
    return list(array.tolist())


def _check(similarity: NDArray[Any], queries: int, gallery: int) -> None:
    if similarity.shape != (queries, gallery):
        raise ValueError(
            f"similarity has shape {similarity.shape}, expected (queries, gallery) = ({queries}, {gallery})"
        )
    if similarity.dtype.kind not in "fiu":
        raise ValueError(f"similarity holds {similarity.dtype}, expected real numbers")
