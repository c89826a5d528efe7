"""Words: which shapes have them in their names, and which look like what they mean."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sketchshape.search.looks import Looks
from sketchshape.search.names import Names
from sketchshape.search.thesaurus import Thesaurus
from sketchshape.types import F32, Unknown

WEIGHT = 1.0
"""What a shape whose name has all the words gains over one that has none, in units of the likeness."""
SAME = 0.5  # part of that where the name has another word for it, and
LOOKS = 0.45  # where it looks like it for sure: both together are less than the very word
LEAST = 0.05  # probability from which looks alone make a shape one that is found
NEAR = 3  # suggestions for a word that is unknown


@dataclass(frozen=True, eq=False)
class Found:
    """What words give.

    Args:
        gain: (n,) float32, what each shape gains, in units of the likeness.
        sure: (n,) float32, how surely each shape is what the words say, 0..1.
        hit: (n,) bool, which shapes words alone find.
        unknown: words that no name has and that mean nothing.
    """

    gain: F32
    sure: F32
    hit: NDArray[np.bool_]
    unknown: tuple[Unknown, ...]


class Words:
    """Finds shapes of a library by words.

    Args:
        names: of the shapes.
        vocabulary: the words that the encoders have seen drawn.
        looks: what the shapes look like, in these words.
    """

    def __init__(self, names: Names, vocabulary: Sequence[str] = (), looks: Looks | None = None) -> None:
        self._names, self._vocabulary, self._looks = names, vocabulary, looks
        self._thesaurus = Thesaurus(vocabulary)

    def find(self, text: str) -> Found:
        """Give what each shape gains by words.

        Args:
            text: words in any order; some that are one, such as `palm tree`, count as one.
        """
        gain, sure = np.zeros((2, self._names.count), np.float32)
        hit = np.zeros(self._names.count, bool)
        terms, unknown = self._thesaurus.read(text), []
        share = WEIGHT / max(1, sum(map(len, terms)))
        for term, meaning in terms.items():
            named = np.mean([self._names.having(word) for word in term], 0, np.float32)
            same, looks = self._same(meaning), self._look(meaning)
            gain += share * len(term) * (np.maximum(named, SAME * same) + LOOKS * looks)
            sure += share * len(term) / WEIGHT * np.maximum(np.maximum(named, same), looks)
            hit |= (named > 0) | (same > 0) | (looks >= LEAST)
            if not meaning and not named.any():
                unknown.append(Unknown(" ".join(term), self._near(" ".join(term))))
        return Found(gain, sure, hit, tuple(unknown))

    def _look(self, meaning: dict[int, float]) -> F32:
        if self._looks is None or not meaning:
            return np.zeros(self._names.count, np.float32)
        return self._looks.of(meaning)

    def _same(self, meaning: dict[int, float]) -> F32:
        """Tell how nearly names have words of a meaning: (n,) float32."""
        most = np.zeros(self._names.count, np.float32)
        for place, weight in sorted(meaning.items(), key=lambda one: one[1]):
            if place in self._meant:
                most[self._names.having_one_of(self._meant[place])] = weight
        return most

    @cached_property
    def _meant(self) -> dict[int, list[int]]:
        """For each word of the vocabulary the words of names that mean it or a kind of it."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        for number, word in enumerate(self._names.known):
            for place in self._thesaurus.kind_of(word):
                found[place].append(number)
        return found

    def _near(self, term: str) -> tuple[str, ...]:
        """Suggest words for one that is unknown; numbers are not mistyped words."""
        if not term.isalpha():
            return ()
        known = dict.fromkeys([*self._vocabulary, *self._names.known])
        return tuple(get_close_matches(term, known, NEAR, 0.75))
