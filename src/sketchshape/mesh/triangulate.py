"""Polygons to triangles: a fan where that is right, ear clipping where a polygon is concave."""

from __future__ import annotations

from typing import NamedTuple

import mapbox_earcut
import numpy as np

from sketchshape.mesh.clean import usable
from sketchshape.types import F64, I64


class Polygons(NamedTuple):
    """Faces with any number of corners.

    Args:
        corners: (C,) int64, indices of vertices, of all polygons one after the other.
        offset: (P + 1,) int64, polygon i has the corners `corners[offset[i]:offset[i + 1]]`.
    """

    corners: I64
    offset: I64


def triangulate(vertices: F64, polygons: Polygons) -> I64:
    """Cut polygons into triangles that cover the same area and keep its winding.

    Polygons with fewer than three corners are left out. One with a corner that is not a finite vertex becomes
    one triangle, three times that corner, so that cleaning can say how many polygons it dropped.

    Args:
        vertices: (N, 3) float64.
        polygons: their corners; a negative index is a corner that does not exist.

    Returns:
        (M, 3) int64, indices of vertices, in the order of the polygons' sizes.
    """
    sizes, good = np.diff(polygons.offset), usable(vertices, polygons.corners)
    triangles = [np.empty((0, 3), np.int64)]
    for size in np.unique(sizes[sizes >= 3]):
        same = sizes == size
        if same.all():
            corners, kept = polygons.corners.reshape(-1, size), good.reshape(-1, size)
        else:
            index = polygons.offset[:-1][same][:, None] + np.arange(size)
            corners, kept = polygons.corners[index], good[index]
        if kept.all():
            triangles.append(_cut(vertices, corners))
        else:
            whole = kept.all(axis=1)
            triangles.append(_cut(vertices, corners[whole]))
            first = np.argmin(kept[~whole], axis=1)
            triangles.append(
                np.repeat(np.take_along_axis(corners[~whole], first[:, None], axis=1), 3, axis=1)
            )
    return np.concatenate(triangles)


def _cut(vertices: F64, corners: I64) -> I64:
    """Cut polygons (P, n) of the same size."""
    if corners.shape[1] == 3 or not len(corners):
        return corners.reshape(-1, 3)
    bad = ~_fan_fits(vertices, corners)
    if corners.shape[1] == 4:  # a quadrilateral has two diagonals, and one of them lies inside
        turned = np.where(bad[:, None], np.roll(corners, -1, axis=1), corners)
        return fan(turned)
    clipped = [_clip(vertices, polygon) for polygon in corners[bad]]
    return np.concatenate([fan(corners[~bad]), *clipped])


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


def _clip(vertices: F64, corners: I64) -> I64:
    """Clip the ears of one polygon (n,), projected along Newell's normal."""
    points = vertices[corners] - vertices[corners[0]]
    normal = np.cross(points[1:-1], points[2:]).sum(axis=0)
    drop = int(np.argmax(np.abs(normal)))
    across, along = (
        (drop + 1) % 3,
        (drop + 2) % 3,
    )  # keeps the winding where the normal's component is positive
    flat = np.ascontiguousarray(points[:, [across, along]])
    ears = mapbox_earcut.triangulate_float64(flat, np.array([len(corners)], np.uint32)).reshape(-1, 3)
    if not len(ears):
        return fan(corners[None])
    sides = flat[ears[:, 1:]] - flat[ears[:, :1]]
    turned = (sides[:, 0, 0] * sides[:, 1, 1] - sides[:, 0, 1] * sides[:, 1, 0]).sum() * normal[drop] < 0
    return np.asarray(corners[ears[:, ::-1] if turned else ears])
