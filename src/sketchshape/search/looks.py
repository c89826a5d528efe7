"""What the shapes of a library look like, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

import numpy as np

from sketchshape.types import F32


class Looks:
    """The probability of each word for each shape, found out when it is first asked for.

    Args:
        find: gives (words, ways) float32, the probability of each word for each way a shape may stand in.
        best: gives of (ways,) the best of each shape, (n,).
    """

    def __init__(self, find: Callable[[], F32], best: Callable[[F32], F32]) -> None:
        self._find, self._best = find, best

    def of(self, meaning: Mapping[int, float]) -> F32:
        """Tell how surely each shape is one of some words.

        Args:
            meaning: places of words, and how much each counts, 0..1.

        Returns:
            (n,) float32, 0..1.
        """
        total = np.zeros(self._table.shape[1], np.float32)
        for place, weight in meaning.items():  # a product with some rows would copy them first
            total += np.float32(weight) * self._table[place]
        return self._best(total)

    @cached_property
    def _table(self) -> F32:
        return self._find()
