"""Polygons to triangles: a fan where that is right, ear clipping where a polygon is concave.

Ear clipping takes time that grows with the square of the corners, little for an outline, much for one that
crosses itself, which no triangles cover once. So large polygons are looked at before, and there is a bound.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import mapbox_earcut
import numpy as np

from sketchshape.mesh.clean import usable
from sketchshape.mesh.crossings import NO, crosses
from sketchshape.mesh.soup import Warnings
from sketchshape.types import F64, I64

LARGE = 1000  # corners from which on an outline that crosses itself may take a second
SQUARES = 3 * 10**8  # corners times corners of all large polygons of a file: about a second
UNSEEN = (
    3 * 10**6
)  # of all smaller ones that are cut before one looks whether they cross themselves, as few do
COMPARED = 10**8  # edges that are compared with each other in a file, less than a second, and 100 a corner


class Polygons(NamedTuple):
    """Faces with any number of corners.

    Args:
        corners: (C,) int64, indices of vertices, of all polygons one after the other.
        offset: (P + 1,) int64, polygon i has the corners `corners[offset[i]:offset[i + 1]]`.
    """

    corners: I64
    offset: I64


def triangulate(vertices: F64, polygons: Polygons, warnings: Warnings | None = None) -> I64:
    """Cut polygons into triangles that cover the same area and keep its winding.

    Polygons with fewer than three corners are left out. One with a corner that is not a finite vertex becomes
    one triangle, three times that corner, so that cleaning can say how many polygons it dropped.

    Args:
        vertices: (N, 3) float64.
        polygons: their corners; a negative index is a corner that does not exist.
        warnings: is told of polygons that became a fan although that does not cover the same area.

    Returns:
        (M, 3) int64, indices of vertices, in the order of the polygons' sizes.
    """
    sizes, good = np.diff(polygons.offset), usable(vertices, polygons.corners)
    cutter, triangles = _Cutter(vertices, len(polygons.corners)), [np.empty((0, 3), np.int64)]
    for size, which in _by_size(sizes):
        if which is None:
            corners, kept = polygons.corners.reshape(-1, size), good.reshape(-1, size)
        else:
            index = polygons.offset[:-1][which][:, None] + np.arange(size)
            corners, kept = polygons.corners[index], good[index]
        if kept.all():
            triangles.append(cutter.cut(corners))
        else:
            whole = kept.all(axis=1)
            triangles.append(cutter.cut(corners[whole]))
            first = np.argmin(kept[~whole], axis=1)
            triangles.append(
                np.repeat(np.take_along_axis(corners[~whole], first[:, None], axis=1), 3, axis=1)
            )
    if warnings is not None:
        warnings.add(
            "cut a face of many corners, which crosses itself or has too many, as if it were convex",
            cutter.fans,
        )
    return np.concatenate(triangles)


def _by_size(sizes: I64) -> Iterator[tuple[int, I64 | None]]:
    """Give each size of 3 or more, and which polygons have it; None for all of them."""
    if len(sizes) and (sizes == sizes[0]).all():
        if sizes[0] >= 3:
            yield int(sizes[0]), None
        return
    order = np.argsort(sizes, kind="stable")
    for which in np.split(order, np.flatnonzero(np.diff(sizes[order])) + 1):
        if len(which) and sizes[which[0]] >= 3:
            yield int(sizes[which[0]]), which


class _Cutter:
    """Cuts the polygons of a file, and keeps count of what that costs."""

    def __init__(self, vertices: F64, corners: int) -> None:
        self._vertices = vertices
        self._squares, self._unseen, self._compared = SQUARES, UNSEEN, COMPARED + 100 * corners
        self.fans = 0

    def cut(self, corners: I64) -> I64:
        """Cut polygons (P, n) of the same size."""
        if corners.shape[1] == 3 or not len(corners):
            return corners.reshape(-1, 3)
        bad = ~_fan_fits(self._vertices, corners)
        if corners.shape[1] == 4:  # a quadrilateral has two diagonals, and one of them lies inside
            turned = np.where(bad[:, None], np.roll(corners, -1, axis=1), corners)
            return fan(turned)
        return (
            np.concatenate([fan(corners[~bad]), self._clipped(corners[bad])]) if bad.any() else fan(corners)
        )

    def _clipped(self, corners: I64) -> I64:
        """Clip the ears of polygons (P, n), each projected along Newell's normal."""
        points = self._vertices[corners] - self._vertices[corners[:, :1]]
        normal = np.cross(points[:, 1:-1], points[:, 2:]).sum(axis=1)
        drop = np.argmax(np.abs(normal), axis=1)
        # This order of the axes keeps the winding where the normal's component is positive.
        axes = (drop[:, None] + np.array([1, 2])) % 3
        flat = np.take_along_axis(points, axes[:, None], axis=2)
        found = [self._ears(one) for one in flat]
        owner, ears = np.repeat(np.arange(len(found)), list(map(len, found))), np.concatenate(found)
        a, b, c = (flat[owner, ears[:, k]] for k in range(3))
        doubled = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
        turned = np.bincount(owner, doubled, len(found)) * normal[np.arange(len(found)), drop] < 0
        ears = np.where(turned[owner, None], ears[:, ::-1], ears)
        return corners[owner[:, None], ears]

    def _ears(self, flat: F64) -> I64:
        """Cut one polygon (n, 2) into triangles of its own corners, a fan where nothing better is found."""
        ring = np.array([len(flat)], np.uint32)
        if self._affordable(flat):
            ears = mapbox_earcut.triangulate_float64(np.ascontiguousarray(flat), ring).reshape(-1, 3)
            if len(ears):
                return ears.astype(np.int64)
        else:
            self.fans += 1
        return fan(np.arange(len(flat))[None])

    def _affordable(self, flat: F64) -> bool:
        """Whether a polygon is one of few small ones, or does not cross itself and is not too large."""
        square, large = len(flat) ** 2, len(flat) > LARGE
        if not large and square <= self._unseen:
            self._unseen -= square
            return True
        if (large and square > self._squares) or self._compared <= 0:
            return False
        found, spent = crosses(flat, self._compared)
        self._compared -= spent
        self._squares -= square if large and found == NO else 0
        return found == NO


def fan(corners: I64) -> I64:
    """Cut polygons (P, n) into the triangles (P (n - 2), 3) that share their first corner."""
    first = np.broadcast_to(corners[:, :1], corners[:, 2:].shape)
    return np.stack([first, corners[:, 1:-1], corners[:, 2:]], axis=2).reshape(-1, 3)


def _fan_fits(vertices: F64, corners: I64) -> np.ndarray:
    """Whether no triangle of the fan is turned over, seen along Newell's normal: (P,) bool.

    Seen from the first corner the others then follow each other by angle, so that the fan of a polygon that
    does not cross itself stays inside of it.
    """
    points = vertices[corners]
    edges = points[:, 1:] - points[:, :1]
    doubled = np.cross(edges[:, :-1], edges[:, 1:])
    normal = doubled.sum(axis=1)
    area = np.einsum("pkc,pc->pk", doubled, normal)
    return np.asarray((area >= -1e-9 * np.abs(area).sum(axis=1, keepdims=True)).all(axis=1))
