"""Words of file and folder names: which shapes have which."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from sketchshape.index.library import tokens

PREFIX = 3  # letters from which the beginning of a word is enough: chair finds chairs


class Names:
    """Which shapes have which words in their names.

    Args:
        names: for each shape the names of its folders and of its file.
    """

    def __init__(self, names: Iterable[Iterable[str]]) -> None:
        places: defaultdict[str, list[int]] = defaultdict(list)
        self.count = 0
        for place, parts in enumerate(names):
            self.count += 1
            for word in {word for part in parts for word in tokens(part)}:
                places[word].append(place)
        self.known = sorted(places)
        self._places = [np.array(places[word]) for word in self.known]

    def having(self, word: str) -> NDArray[np.bool_]:
        """Tell which shapes have a word in their names, or one that begins with it: (n,) bool."""
        end = word + chr(0x10FFFF) if len(word) >= PREFIX else word
        return self._mark(range(bisect_left(self.known, word), bisect_right(self.known, end)))

    def having_one_of(self, words: Iterable[int]) -> NDArray[np.bool_]:
        """Tell which shapes have one of some words, given by their places in `known`: (n,) bool."""
        return self._mark(words)

    def _mark(self, words: Iterable[int]) -> NDArray[np.bool_]:
        has = np.zeros(self.count, bool)
        for place in words:
            has[self._places[place]] = True
        return has
