"""Words of file and folder names, to be mixed with what was drawn."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from sketchshape.index.library import tokens
from sketchshape.types import F32

WEIGHT = 0.5
"""What a shape whose name has all the words gains over one that has none, in units of the likeness."""
PREFIX = 3  # letters from which the beginning of a word is enough: chair finds chairs


class Words:
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
        self._known = sorted(places)
        self._places = [np.array(places[word]) for word in self._known]

    def bonus(self, text: str) -> F32:
        """Give what each shape gains by its names.

        Args:
            text: words in any order.

        Returns:
            (n,) float32: `WEIGHT` times the part of the words that a shape has.
        """
        wanted = list(dict.fromkeys(tokens(text)))
        gain = np.zeros(self.count, np.float32)
        for word in wanted:
            has = np.zeros(self.count, bool)
            for found in self._places[self._range(word)]:
                has[found] = True
            gain += has * np.float32(WEIGHT / len(wanted))
        return gain

    def _range(self, word: str) -> slice:
        """Find the known words that begin with a word, or are it where it is short."""
        end = word + chr(0x10FFFF) if len(word) >= PREFIX else word
        return slice(bisect_left(self._known, word), bisect_right(self._known, end))
