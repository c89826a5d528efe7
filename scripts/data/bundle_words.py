"""Words that the bundle knows: those of Quick, Draw!, TU-Berlin and the shapes, joined by what they mean."""

from __future__ import annotations

import re
from collections.abc import Iterable

SAME = {  # another name: the word of Quick, Draw! or, where it has none, of TU-Berlin or of the shapes
    "bear (animal)": "bear",
    "car (sedan)": "car",
    "flower with stem": "flower",
    "fridge": "refrigerator",
    "ice-cream-cone": "ice cream",
    "mouse (animal)": "mouse",
    "potted plant": "house plant",
    "rollerblades": "rollerskates",
    "socks": "sock",
    "tennis-racket": "tennis racquet",
    "trousers": "pants",
    "tv": "television",
}


def letters(name: str) -> str:
    """Take what two spellings of a name have in common: wine-bottle, wine_bottle and wine bottle."""
    return re.sub("[^a-z]", "", name.lower())


_JOINED = {letters(name): letters(word) for name, word in SAME.items()}


def meaning(name: str) -> str:
    """Give the letters of the word that a name stands for."""
    return _JOINED.get(letters(name), letters(name))


class Words:
    """The words by any of their spellings.

    Args:
        names: as sources spell them, those first whose spelling is kept.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names: dict[str, str] = {}
        for name in [*names, *SAME.values()]:
            self._names.setdefault(meaning(name), name.replace("_", " "))

    def of(self, name: str) -> str:
        """Give the word that a name of a source stands for."""
        return self._names[meaning(name)]
