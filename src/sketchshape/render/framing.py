"""From any mesh to triangles inside the unit sphere, with nothing in them that could break a rasteriser."""

from __future__ import annotations

from typing import Any

import numpy as np

from sketchshape.compiled import compiled
from sketchshape.types import F32, F64, I32, Mesh


def frame(mesh: Mesh) -> tuple[F32, I32]:
    """Keep what can be drawn, and centre and scale it into the unit sphere.

    The centre is that of the smallest circle around the ground plan (X and Z), at half height: it turns with
    the shape, so that a shape turned about Y by one camera step gives the same views, one further on. The
    middle of a bounding box would not turn with it, and a centroid would leave one side of the picture empty.

    Args:
        mesh: any mesh; faces with an index out of range or a corner that is not finite are dropped, then
            the vertices that no face uses.

    Returns:
        (N, 3) float32 vertices within 1 of the origin, and (M, 3) int32 faces, the corners of each in rising
        order: winding is noise in many collections, and here it cannot have an effect any more.

    Raises:
        ValueError: no face is left, or all vertices coincide.
    """
    points, faces = _usable(mesh.vertices, mesh.faces)
    if len(faces) == 0:
        raise ValueError(
            f"nothing to draw: none of the {len(mesh.faces)} faces has three different, finite corners"
        )
    low, high = points.min(axis=1), points.max(axis=1)
    extent = float((high - low).max())
    if extent == 0.0:
        raise ValueError("nothing to draw: all vertices are at one point")
    # In units of the extent, so that no square of a huge or tiny coordinate overflows.
    points -= ((low + high) / 2)[:, None]
    points /= extent
    centre = smallest_circle(points[0], points[2])
    points[0] -= centre[0]
    points[2] -= centre[1]
    return _scaled(points), faces


def smallest_circle(x: F64, y: F64) -> tuple[float, float]:
    """Find the centre of the smallest circle around points.

    Starts from one point and takes in the point farthest outside until none is: each step makes the circle
    larger, and few steps are needed, each one pass over the points.

    Args:
        x: (N,) float64.
        y: (N,) float64.

    Returns:
        The centre.
    """
    support = [(float(x[0]), float(y[0]))]
    centre, square = support[0], 0.0
    for _ in range(64):
        far, distance = _farthest(x, y, *centre)
        if distance <= square * (1 + 1e-12):
            break
        support, centre, square = _circle_of([*support, (float(x[far]), float(y[far]))])
    return centre


Point = tuple[float, float]


def _circle_of(points: list[Point]) -> tuple[list[Point], Point, float]:
    """Find, for up to four points, the two or three of them whose circle holds all."""
    best: tuple[list[Point], Point, float] = ([], (0.0, 0.0), np.inf)
    for i, a in enumerate(points):
        for j, b in enumerate(points[:i]):
            for support in ([a, b], *([a, b, c] for c in points[:j])):
                centre = _circumcentre(support)
                if centre is None:
                    continue
                square = max(_square(centre, p) for p in support)
                holds_all = all(_square(centre, p) <= square * (1 + 1e-12) for p in points)
                if holds_all and square < best[2]:
                    best = support, centre, square
    return best


def _circumcentre(support: list[Point]) -> Point | None:
    (ax, ay), (bx, by) = support[0], support[1]
    if len(support) == 2:
        return (ax + bx) / 2, (ay + by) / 2
    cx, cy = support[2]
    ux, uy, vx, vy = bx - ax, by - ay, cx - ax, cy - ay
    twice_area = 2 * (ux * vy - uy * vx)
    if twice_area == 0.0:
        return None
    u, v = ux * ux + uy * uy, vx * vx + vy * vy
    return ax + (vy * u - uy * v) / twice_area, ay + (ux * v - vx * u) / twice_area


def _square(a: Point, b: Point) -> float:
    return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2


@compiled()
def _farthest(x: F64, y: F64, cx: float, cy: float) -> Any:
    best, where = -1.0, 0
    for i in range(len(x)):
        square = (x[i] - cx) ** 2 + (y[i] - cy) ** 2
        if square > best:
            best, where = square, i
    return where, best


@compiled()
def _scaled(points: F64) -> Any:
    largest = 0.0
    for i in range(points.shape[1]):
        largest = max(largest, (points[0, i] ** 2 + points[2, i] ** 2) + points[1, i] ** 2)
    radius = np.sqrt(largest)
    vertices = np.empty((points.shape[1], 3), np.float32)
    for i in range(points.shape[1]):
        for k in range(3):
            vertices[i, k] = points[k, i] / radius
    return vertices


@compiled()
def _usable(vertices: F32, faces: I32) -> Any:
    """Drop bad faces and unused vertices; number what stays anew, corners in rising order.

    Returns:
        (3, N) float64 coordinates, (M, 3) int32 faces.
    """
    count = len(vertices)
    number = np.empty(count, np.int32)
    for v in range(count):
        finite = np.isfinite(vertices[v, 0]) & np.isfinite(vertices[v, 1]) & np.isfinite(vertices[v, 2])
        number[v] = -1 if finite else -2
    kept = np.empty_like(faces)
    m = 0
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        low, high = min(a, b, c), max(a, b, c)
        if low < 0 or high >= count or a in (b, c) or b == c:
            continue
        if number[a] == -2 or number[b] == -2 or number[c] == -2:
            continue
        kept[m, 0], kept[m, 1], kept[m, 2] = low, a ^ b ^ c ^ low ^ high, high
        number[a] = number[b] = number[c] = 0
        m += 1
    n = 0
    for v in range(count):
        if number[v] == 0:
            number[v] = n
            n += 1
    points = np.empty((3, n), np.float64)
    for v in range(count):
        if number[v] >= 0:
            for k in range(3):
                points[k, number[v]] = vertices[v, k]
    for f in range(m):
        for k in range(3):
            kept[f, k] = number[kept[f, k]]
    return points, kept[:m]
