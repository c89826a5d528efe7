"""Shapes that may stand in several ways up: which rows are theirs, and which of them is the best."""

from __future__ import annotations

from collections.abc import Sequence

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
        self._ups, self._end = list(ups), len(ids)
        self.first: I64 = np.flatnonzero(np.diff(ids, prepend=-1))
        """Place of the first way of each shape."""

    def of(self, shape: int) -> slice:
        """Give the places of the ways of a shape, the n-th."""
        after = int(self.first[shape + 1]) if shape + 1 < len(self.first) else self._end
        return slice(int(self.first[shape]), after)

    @property
    def counts(self) -> I64:
        """(shapes,) int64, how many ways each has."""
        return np.diff(self.first, append=self._end)

    def best(self, scores: F32) -> F32:
        """Give the best score of each shape.

        Args:
            scores: (..., ways) float32.

        Returns:
            (..., shapes) float32.
        """
        if len(self.first) == self._end:  # each stands in one way
            return scores
        best: F32 = np.maximum.reduceat(scores, self.first, axis=-1)
        return best

    def found(self, shape: int, scores: F32 | None) -> str:
        """Give the way in which a shape has its best score, the likeliest one where there are no scores."""
        ways = self.of(shape)
        best = 0 if scores is None else int(scores[ways].argmax())
        return self._ups[ways][best]
