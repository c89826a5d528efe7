"""The figures of folders of queries and shapes, and what of these could not be measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sketchshape.metrics.scores import NAMES, Scores, mean_and_spread


def without_shapes(queries: Sequence[str], shapes: Collection[str]) -> dict[str, int]:
    """Count the queries of each class that no shape has.

    Args:
        queries: class name of each query.
        shapes: class names of the gallery.
    """
    there = set(shapes)
    return dict(Counter(name for name in queries if name not in there))


def with_skipped(scores: Scores, more: int) -> Scores:
    """Count so many further queries as skipped: those that could not be read."""
    return replace(scores, skipped=scores.skipped + more)


@dataclass(frozen=True, eq=False)
class Measured:
    """What one or several networks find, with what was left out.

    Args:
        seeds: scores by the seed of the network.
        unreadable: one line for each file that could not be read.
        missing: class names of queries that no shape of the gallery has, with how many queries.
        unsure: shapes that are compared in several ways up, of which the best counts.
    """

    seeds: dict[int, Scores]
    unreadable: tuple[str, ...]
    missing: dict[str, int]
    unsure: int = 0

    def to_json(self) -> dict[str, Any]:
        """Give means over the seeds as fractions, their spread, and the counts.

        Queries that could not be read or whose class has no shape are in `skipped`.
        """
        scores = list(self.seeds.values())
        figures = dict(zip(NAMES, mean_and_spread(scores).values(), strict=True))
        first = scores[0]
        return {
            **{name: mean for name, (mean, _) in figures.items()},
            "queries": first.queries,
            "classes": len(first.per_class),
            "gallery": first.gallery,
            "unsure": self.unsure,
            "skipped": first.skipped,
            "unreadable": list(self.unreadable),
            "classes_without_shapes": self.missing,
            "spread": {name: spread if len(scores) > 1 else None for name, (_, spread) in figures.items()},
            "seeds": {str(seed): one.to_json() for seed, one in self.seeds.items()},
        }
