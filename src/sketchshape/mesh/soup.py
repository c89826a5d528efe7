"""What a reader makes of a file, before it is known which of it can be drawn."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np

from sketchshape.types import F64, I64


class Soup(NamedTuple):
    """Triangles as a file has them.

    Args:
        vertices: (N, 3) float64, in the frame of the file.
        faces: (M, 3) int64, indices of vertices, possibly wrong ones.
        warnings: what of the file was left out or guessed, a sentence each.
    """

    vertices: F64
    faces: I64
    warnings: tuple[str, ...] = ()


def short_faces(sizes: I64, numbers: I64 | None = None) -> tuple[str, ...]:
    """Warn of faces that have too few corners to be drawn.

    Args:
        sizes: (P,) how many corners each face has.
        numbers: (P,) the lines they are in; None in a binary file.
    """
    short = np.flatnonzero(sizes < 3)
    if not len(short):
        return ()
    first = f", the first in line {numbers[short[0]]}" if numbers is not None else ""
    return (f"left out {len(short)} of {len(sizes)} faces: fewer than 3 corners{first}",)


DIFFERENT, LONG = 20, 300
"""Sentences that are said of one file, and letters of one: a file may have a million broken parts."""


class Warnings:
    """Sentences about one file; what is said again is counted, and what is too much of it."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._more = 0

    def add(self, sentence: str, count: int = 1) -> None:
        """Say something, `count` times."""
        sentence = sentence if len(sentence) <= LONG else f"{sentence[:LONG]}..."
        if count > 0 and sentence not in self._counts and len(self._counts) == DIFFERENT:
            self._more += count
        elif count > 0:
            self._counts[sentence] += count

    def __len__(self) -> int:
        return len(self._counts)

    def listed(self) -> tuple[str, ...]:
        """Give each sentence once, in the order in which they came."""
        said = [
            sentence if count == 1 else f"{sentence} ({count} times)"
            for sentence, count in self._counts.items()
        ]
        return (*said, f"and {self._more} more of other parts") if self._more else tuple(said)


def only_used(triangles: I64) -> tuple[I64, I64]:
    """The vertices that triangles have, in rising order, and the triangles (M, 3) of these."""
    used, place = np.unique(triangles, return_inverse=True)
    absent = int(np.searchsorted(used, 0))  # -1 comes first
    return used[absent:], np.maximum(place.reshape(-1, 3) - absent, -1)
