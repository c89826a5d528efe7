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
        places = list(meaning)
        weights = np.array([meaning[place] for place in places], np.float32)
        return self._best(weights @ self._table[places])

    @cached_property
    def _table(self) -> F32:
        return self._find()
