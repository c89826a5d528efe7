"""Whether the outline of a polygon crosses itself: found on a grid, within a bound on the work."""

from __future__ import annotations

import math

import numpy as np

from sketchshape.compiled import compiled
from sketchshape.types import F64

NO, YES, UNKNOWN = 0, 1, 2


def crosses(flat: F64, most: int) -> tuple[int, int]:
    """Look for two edges of a polygon that cross within both; such as touch, or lie on each other, do not.

    Each edge is put into the cells of a grid that it may touch, and compared with the others there. That is
    linear for outlines as people draw them, and given up where it is not.

    Args:
        flat: (n, 2) float64, the corners.
        most: entries of cells and comparisons that may be spent.

    Returns:
        NO, YES, or UNKNOWN where `most` is not enough; and how many were spent.
    """
    low, size = flat.min(axis=0), float(np.ptp(flat, axis=0).max())
    if not (0 < size < np.inf):
        return YES, 0
    side = max(math.isqrt(len(flat)), 1)
    return _search((flat - low) / size, side, most)


@compiled()
def _search(flat: F64, side: int, most: int) -> tuple[int, int]:
    size = len(flat)
    counts, spent = np.zeros(side * side + 1, np.int64), 0
    for i in range(size):
        left, right, top, bottom = _box(flat, i, side)
        spent += (bottom - top) * (right - left)
        if spent > most:
            return UNKNOWN, spent
        for y in range(top, bottom):
            for x in range(left, right):
                counts[y * side + x + 1] += _passes(flat, i, side, x, y)
    begin = np.cumsum(counts)
    if spent + (counts * counts).sum() > most:
        return UNKNOWN, spent
    filled, edges = begin.copy(), np.empty(begin[-1], np.int64)
    for i in range(size):
        left, right, top, bottom = _box(flat, i, side)
        for y in range(top, bottom):
            for x in range(left, right):
                if _passes(flat, i, side, x, y):
                    cell = y * side + x
                    for k in range(begin[cell], filled[cell]):
                        if _cross(flat, i, edges[k]):
                            return YES, spent
                        spent += 1
                    edges[filled[cell]] = i
                    filled[cell] += 1
    return NO, spent


@compiled()
def _box(flat: F64, i: int, side: int) -> tuple[int, int, int, int]:
    """First and end column, first and end row of the cells around edge `i`."""
    k = (i + 1) % len(flat)
    left, right = min(flat[i, 0], flat[k, 0]), max(flat[i, 0], flat[k, 0])
    top, bottom = min(flat[i, 1], flat[k, 1]), max(flat[i, 1], flat[k, 1])
    last = side - 1
    return (
        min(int(left * side), last),
        min(int(right * side), last) + 1,
        min(int(top * side), last),
        min(int(bottom * side), last) + 1,
    )


@compiled()
def _passes(flat: F64, i: int, side: int, x: int, y: int) -> bool:
    """Whether the line of edge `i` comes near a cell: within its circle."""
    k = (i + 1) % len(flat)
    dx, dy = flat[k, 0] - flat[i, 0], flat[k, 1] - flat[i, 1]
    across = dx * ((y + 0.5) / side - flat[i, 1]) - dy * ((x + 0.5) / side - flat[i, 0])
    return bool(across * across <= (0.51 / (side * side)) * (dx * dx + dy * dy) + 1e-30)


@compiled()
def _cross(flat: F64, i: int, j: int) -> bool:
    """Whether two edges cross, each within the other and not at its ends."""
    size = len(flat)
    a, b, c, d = i, (i + 1) % size, j, (j + 1) % size
    if a == d or b == c:
        return False
    return _sides(flat, a, b, c, d) and _sides(flat, c, d, a, b)


@compiled()
def _sides(flat: F64, a: int, b: int, c: int, d: int) -> bool:
    """Whether c and d are clearly on different sides of the line from a to b."""
    dx, dy = flat[b, 0] - flat[a, 0], flat[b, 1] - flat[a, 1]
    to_c = dx * (flat[c, 1] - flat[a, 1]) - dy * (flat[c, 0] - flat[a, 0])
    to_d = dx * (flat[d, 1] - flat[a, 1]) - dy * (flat[d, 0] - flat[a, 0])
    return bool(min(to_c, to_d) < -1e-14 and max(to_c, to_d) > 1e-14)
