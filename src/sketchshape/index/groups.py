"""Shapes that look the same: copies in other formats, turned about their axis, or in other colours."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from sketchshape.engines.close import Close
from sketchshape.types import F32, I64, U8

ALIKE = 0.99
"""Cosine of two embeddings above which their views are compared."""
SAME = 3.0
"""Mean difference of two views, in levels of 255 over the coarse picture, below which they show one shape."""
BLOCK = 1024  # vectors compared in one step; of no more new ones, each is compared with all


def twins(vectors: F32, outlines: Sequence[U8], fresh: I64) -> Iterator[tuple[int, int]]:
    """Find pairs of near-identical shapes.

    Args:
        vectors: (n, D) float32, unit rows.
        outlines: n of (views, 8, 8) uint8, evenly around the shape.
        fresh: (m,) positions of the shapes that were not compared before.

    Yields:
        Positions (a, b), one of them fresh.
    """
    new = np.zeros(len(vectors), bool)
    new[fresh] = True
    for a, b in _near(vectors, fresh):
        once = a < b or not new[b]  # of two fresh ones, the first finds the other
        if a != b and once and same(outlines[a], outlines[b]):
            yield a, b


def _near(vectors: F32, fresh: I64) -> Iterator[tuple[int, int]]:
    """Give each fresh position with each of a vector whose cosine with its own is above `ALIKE`."""
    if len(fresh) <= BLOCK:
        for row, column in zip(*np.nonzero(vectors[fresh] @ vectors.T > ALIKE), strict=True):
            yield int(fresh[row]), int(column)
        return
    close = Close(vectors, math.sqrt(2 - 2 * ALIKE))  # of two vectors of length 1
    for start in range(0, len(fresh), BLOCK):
        part = fresh[start : start + BLOCK]
        for a, near in zip(part.tolist(), close.to(part), strict=True):
            yield from ((a, b) for b in near.tolist())


def same(one: U8, other: U8) -> bool:
    """Say whether two shapes look the same from all around, also if one is turned by steps of the ring."""
    if one.shape != other.shape:
        return False
    first, second = one.astype(np.int16), other.astype(np.int16)
    turns = (np.abs(first - np.roll(second, turn, axis=0)).mean((1, 2)).max() for turn in range(len(one)))
    return any(difference < SAME for difference in turns)


def components(members: Mapping[str, int], pairs: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Join pairs to groups.

    Args:
        members: name to number of all there are.
        pairs: names that belong together; those of no member are left out.

    Returns:
        Name to the smallest number of its group.
    """
    parent = {name: name for name in members}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = name = parent[parent[name]]
        return name

    for a, b in pairs:
        if a in parent and b in parent:
            low, high = sorted((root(a), root(b)), key=members.__getitem__)
            parent[high] = low
    return {name: members[root(name)] for name in members}
