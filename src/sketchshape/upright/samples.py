"""Points on the surface of a shape, and the outline of points on the ground."""

from __future__ import annotations

import numpy as np

from sketchshape.compiled import compiled
from sketchshape.types import F64, Mesh


def on_surface(mesh: Mesh, count: int) -> tuple[F64, F64]:
    """Spread points evenly over the surface of a shape.

    Args:
        mesh: any mesh.
        count: of points.

    Returns:
        (count, 3) float64 points, in units of the largest side of the box around the shape, its middle at 0;
        and (count, 3) float64, the unit normals there, 0 on a face without area. They turn with the shape.
    """
    corners = mesh.vertices.astype(np.float64)
    low, high = corners.min(axis=0), corners.max(axis=0)
    corners = (corners - (low + high) / 2) / max(float((high - low).max()), 1e-300)
    a, b, c = (corners[mesh.faces[:, k]] for k in range(3))
    normals = np.cross(b - a, c - a)
    areas = np.sqrt(normals[:, 0] ** 2 + normals[:, 1] ** 2 + normals[:, 2] ** 2)
    total = np.cumsum(areas) if areas.sum() > 0 else np.arange(1.0, len(areas) + 1)
    face = np.searchsorted(total / total[-1], (np.arange(count) + 0.5) / count).clip(0, len(areas) - 1)
    across, along = np.random.default_rng(0).random((2, count, 1))
    root = np.sqrt(across)
    points = a[face] * (1 - root) + b[face] * (root * (1 - along)) + c[face] * (root * along)
    return points, normals[face] / np.maximum(areas[face], 1e-300)[:, None]


@compiled(error_model="numpy")
def hull(points: F64) -> tuple[F64, float]:
    """Give the corners of the convex hull of points (N, 2), anticlockwise, and its area."""
    order = np.argsort(points[:, 0] + 1e-9 * points[:, 1])
    count, n = 0, len(points)
    chain = np.empty((2 * n + 1, 2))
    for sweep in range(2):
        start = count
        for k in range(n):
            p = points[order[k if sweep == 0 else n - 1 - k]]
            while count - start >= 2:
                u, v = chain[count - 2], chain[count - 1]
                if (v[0] - u[0]) * (p[1] - u[1]) - (v[1] - u[1]) * (p[0] - u[0]) > 0:
                    break
                count -= 1
            chain[count] = p
            count += 1
        count = max(count - 1, 0)
    area = 0.0
    for k in range(count):
        u, v = chain[k], chain[(k + 1) % count]
        area += (u[0] * v[1] - v[0] * u[1]) / 2
    return chain[:count].copy(), area


@compiled(error_model="numpy")
def margin(outline: F64, point: F64) -> float:
    """Tell how far within a convex outline a point lies; less than 0 outside, -0.5 without an outline."""
    if len(outline) < 3:
        return -0.5
    least = np.inf
    for k in range(len(outline)):
        u, v = outline[k], outline[(k + 1) % len(outline)]
        length = np.sqrt((v[0] - u[0]) ** 2 + (v[1] - u[1]) ** 2)
        if length > 0:
            side = (v[0] - u[0]) * (point[1] - u[1]) - (v[1] - u[1]) * (point[0] - u[0])
            least = min(least, side / length)
    return least
