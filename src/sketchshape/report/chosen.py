"""Which queries a report shows: by a rule that is written below the picture, not by their looks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sketchshape.metrics import Scores
from sketchshape.types import I64

ROWS = 10
TYPICAL = (
    "The classes, sorted by their mean AP, are cut into {rows} equal parts; a row shows the class in the "
    "middle of a part, and of that class the query with the median AP. Best class on top."
)
WORST = "The query with the lowest AP of each class, and of these the {rows} lowest, worst on top."


def typical_queries(scores: Scores, labels: I64, rows: int = ROWS) -> list[int]:
    """Choose queries from all over the range of classes, each the median of its class.

    Args:
        scores: an evaluation.
        labels: (Q,) class of every query.
        rows: how many; fewer where there are fewer classes.

    Returns:
        Positions in `scores.per_query`.
    """
    members = _by_class(scores, labels)
    rows = min(rows, len(members))
    ordered = sorted(members, key=lambda own: -float(np.mean(scores.per_query.map[own])))
    middles = [int((row + 0.5) * len(ordered) / rows) for row in range(rows)]
    return [_sorted(scores, ordered[middle])[len(ordered[middle]) // 2] for middle in middles]


def worst_queries(scores: Scores, labels: I64, rows: int = ROWS) -> list[int]:
    """Choose the queries with the lowest AP, one of a class at most.

    Args:
        scores: an evaluation.
        labels: (Q,) class of every query.
        rows: how many; fewer where there are fewer classes.

    Returns:
        Positions in `scores.per_query`.
    """
    return _sorted(scores, [_sorted(scores, own)[0] for own in _by_class(scores, labels)])[:rows]


def _by_class(scores: Scores, labels: I64) -> list[list[int]]:
    members: dict[int, list[int]] = {}
    for place, query in enumerate(scores.per_query.index):
        members.setdefault(int(labels[query]), []).append(place)
    return [members[label] for label in sorted(members)]


def _sorted(scores: Scores, places: Sequence[int]) -> list[int]:
    return sorted(places, key=lambda place: (scores.per_query.map[place], place))
