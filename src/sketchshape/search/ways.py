"""Shapes that may stand in several ways up: which rows are theirs, and which of them is the best."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from sketchshape.types import F32, I64


class Ways:
    """The ways of shapes, one after the other.

    Args:
        shapes: for each way the id of its shape, rising.
        ups: for each way the axis of the file that points up; the likeliest of a shape first.
    """

    def __init__(self, shapes: Sequence[int], ups: Sequence[str]) -> None:
        ids = np.asarray(shapes, np.int64)
        self._ups = list(ups)
        self.first: I64 = np.flatnonzero(np.diff(ids, prepend=-1))
        """Place of the first way of each shape."""
        self.counts: I64 = np.diff(self.first, append=len(ids))
        """How many ways each shape has."""

    @cached_property
    def shape(self) -> I64:
        """Place of the shape of each way."""
        return np.repeat(np.arange(len(self.first)), self.counts)

    @cached_property
    def most(self) -> int:
        """Ways of the shape that has the most, 1 or more."""
        return int(self.counts.max(initial=1))

    def of(self, shape: int) -> slice:
        """Give the places of the ways of a shape, the n-th."""
        first = int(self.first[shape])
        return slice(first, first + int(self.counts[shape]))

    def of_all(self, shapes: I64) -> I64:
        """Give the places of the ways of some shapes, one after the other."""
        return joined(self.first[shapes], self.counts[shapes])

    def best(self, scores: F32, shapes: I64 | None = None) -> F32:
        """Give the best score of each shape.

        Args:
            scores: (..., ways) float32.
            shapes: whose ways they are; None is all.

        Returns:
            (..., shapes) float32.
        """
        counts = self.counts if shapes is None else self.counts[shapes]
        if len(counts) == scores.shape[-1]:  # each stands in one way
            return scores
        best: F32 = np.maximum.reduceat(scores, np.cumsum(counts) - counts, axis=-1)
        return best

    def up(self, way: int) -> str:
        """Give the axis of a way."""
        return self._ups[way]


def joined(begin: I64, counts: I64) -> I64:
    """Join ranges: from each begin on so many numbers."""
    before = np.cumsum(counts) - counts
    numbers: I64 = np.repeat(begin - before, counts) + np.arange(int(counts.sum()))
    return numbers
