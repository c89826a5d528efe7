"""Vectors that are very close to each other, found among many without comparing each with each."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from sketchshape.types import F32, I64

SAMPLE = 20_000  # vectors from which the axes are found
IN_TREE, FIRST = 8, 48  # axes by which a tree parts vectors, and by which most of what it gives is left out
ROUNDING = 1e-4  # of a distance in float32


class Close:
    """Finds all pairs within a distance, by the axes along which the vectors differ most.

    A projection brings nothing further apart: what is too far apart in it is so in truth. The tree is that of
    J. Bentley, Multidimensional Binary Search Trees Used for Associative Searching, CACM 1975.

    Args:
        vectors: (n, D) float32.
        distance: within which a vector is close.
    """

    def __init__(self, vectors: F32, distance: float) -> None:
        self._vectors, self._distance = vectors, distance
        sample = vectors[:: max(1, len(vectors) // SAMPLE)].astype(np.float64)
        _, axes = np.linalg.eigh(np.cov(sample, rowvar=False).reshape(vectors.shape[1], -1))
        self._coordinates: F32 = vectors @ axes[:, ::-1][:, :FIRST].astype(np.float32)
        self._tree = cKDTree(self._coordinates[:, :IN_TREE])

    def to(self, places: I64) -> list[I64]:
        """Give for each of some vectors the places of those that are close, rising, itself among them."""
        reach = self._distance + ROUNDING
        found = self._tree.query_ball_point(self._coordinates[places, :IN_TREE], reach, return_sorted=True)
        return [self._within(place, np.array(near), reach) for place, near in zip(places, found, strict=True)]

    def _within(self, place: int, near: I64, reach: float) -> I64:
        for table, limit in ((self._coordinates, reach), (self._vectors, self._distance)):
            off = table[near] - table[place]
            near = near[np.einsum("nd,nd->n", off, off) < limit**2]
        return near
