"""What a word means: which of the words that the encoders have seen drawn, by the concepts of WordNet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from sketchshape.index.library import tokens
from sketchshape.resources import SYNONYMS
from sketchshape.search.names import PREFIX

STEP = 0.9  # what a meaning keeps of its weight for each concept between
LONGEST = 4  # words of a term
ODD_PLURALS = {"mice": "mouse", "geese": "goose", "feet": "foot", "teeth": "tooth", "oxen": "ox"}
ENDINGS = (("ies", "y"), ("ves", "f"), ("ves", "fe"), ("men", "man"), ("es", ""), ("s", ""))


class Concepts:
    """The table that scripts/data/make_synonyms.py makes.

    Args:
        path: a line for each concept: names, lines of the concepts just above it, words to draw.
    """

    def __init__(self, path: Path = SYNONYMS) -> None:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
        cells = [(*line.split("\t"), "", "")[:3] for line in lines]
        self.named: dict[str, list[int]] = {}
        self.above = [[int(place) for place in above.split()] for _, above, _ in cells]
        self.below: list[list[int]] = [[] for _ in cells]
        self.words = [words.split("|") if words else [] for _, _, words in cells]
        for place, (names, _, _) in enumerate(cells):
            for name in names.split("|"):
                self.named.setdefault(name, []).append(place)
            for upper in self.above[place]:
                self.below[upper].append(place)


class Thesaurus:
    """What terms mean among the words of a bundle.

    Args:
        words: that can be meant, such as `palm tree`.
        concepts: the table; None is that which ships.
    """

    def __init__(self, words: Sequence[str], concepts: Concepts | None = None) -> None:
        self._concepts = concepts or shipped()
        self._own: dict[str, int] = {}
        for place, word in enumerate(words):
            self._own.setdefault(spelled(word), place)
        self._words = [
            [self._own[key] for key in map(spelled, words) if key in self._own]
            for words in self._concepts.words
        ]

    def read(self, text: str) -> dict[tuple[str, ...], dict[int, float]]:
        """Part a text into terms, as long ones as mean something, each once.

        Args:
            text: words, such as `red palm trees`.

        Returns:
            For each term, such as `("palm", "trees")`, its meaning; one without any is a single word.
        """
        rest, found = list(tokens(text)), {}
        while rest:
            for count in range(min(LONGEST, len(rest)), 0, -1):
                term = tuple(rest[:count])
                meaning = self.meaning(" ".join(term))
                if meaning or count == 1:
                    found[term] = meaning
                    del rest[:count]
                    break
        return found

    def meaning(self, term: str) -> dict[int, float]:
        """Tell what a term means.

        A word, another name for it, or a plural means the word itself and, with less weight, those for kinds
        of it; so does what is no word but above some, such as `vehicle`. Else the nearest word above is
        meant: a poodle is a dog. Else words that begin so are.

        Args:
            term: one word or several, as `spelled` gives them.

        Returns:
            Places of words, each with a weight in 0..1; nothing where the term leads to no word.
        """
        for form in forms(term):
            own = self._concepts.named.get(form, [])
            found = self._climb(own, self._concepts.below, whole=True) | self._itself(form)
            found = found or self._climb(own, self._concepts.above, whole=False)
            if found:
                return found
        return self._begun(term) if len(term) >= PREFIX else {}

    def kind_of(self, term: str) -> dict[int, float]:
        """Tell which words a thing of that name is: itself, or the nearest above it; as `meaning` does."""
        for form in forms(term):
            above = self._climb(self._concepts.named.get(form, []), self._concepts.above, whole=False)
            if found := above | self._itself(form):
                return found
        return {}

    def _itself(self, form: str) -> dict[int, float]:
        return {self._own[form]: 1.0} if form in self._own else {}

    def _begun(self, term: str) -> dict[int, float]:
        return {place: STEP for word, place in self._own.items() if word.startswith(term)}

    def _climb(self, start: Sequence[int], onward: list[list[int]], *, whole: bool) -> dict[int, float]:
        """Go from concept to concept, to the first with words or to all; each step costs weight."""
        found: dict[int, float] = {}
        level, seen, weight = list(start), set(start), 1.0
        while level and (whole or not found):
            for concept in level:
                for place in self._words[concept]:
                    found.setdefault(place, weight)
            level = list(dict.fromkeys(to for one in level for to in onward[one] if to not in seen))
            seen.update(level)
            weight *= STEP
        return found


@cache
def shipped() -> Concepts:
    """Read the table that ships, once."""
    return Concepts()


def spelled(word: str) -> str:
    """Give what spellings of a word share: `Palm_Tree`, `palm tree`; what is in brackets does not count."""
    return " ".join(tokens(re.sub(r"\(.*?\)", "", word)))


def forms(term: str) -> Iterator[str]:
    """Give a term and what it may be the plural of."""
    yield term
    start, space, last = term.rpartition(" ")
    if last in ODD_PLURALS:
        yield start + space + ODD_PLURALS[last]
    for ending, single in ENDINGS:
        if last.endswith(ending) and len(last) > len(ending) + 1 and not last.endswith("ss"):
            yield start + space + last.removesuffix(ending) + single
