"""Outlines of the figures that drawing programs have: (n, 2) points, in units of the file, y down."""

from __future__ import annotations

import math

import numpy as np

from sketchshape.types import F64

STEPS = 64  # of a whole turn
MAX_FIGURES = 20_000  # lines and figures that a drawing may have, with the groups that each is in
BETWEEN = 8  # points of a curve from one of its points to the next


def check_count(count: int) -> None:
    """Refuse a drawing of more figures than anybody draws, each of which takes time.

    Raises:
        ValueError: it is so.
    """
    if count > MAX_FIGURES:
        raise ValueError(f"has more than {MAX_FIGURES} lines and figures; simplify it")


def polygon(width: float, height: float, corners: list[tuple[float, float]]) -> F64:
    """Give a closed polygon whose corners are parts 0..1 of its width and height."""
    closed: F64 = np.array([*corners, corners[0]], np.float64) * (width, height)
    return closed


def rectangle(width: float, height: float) -> F64:
    """Give a rectangle from its upper left corner."""
    return polygon(width, height, [(0, 0), (1, 0), (1, 1), (0, 1)])


def diamond(width: float, height: float) -> F64:
    """Give the rhombus within a rectangle."""
    return polygon(width, height, [(0.5, 0), (1, 0.5), (0.5, 1), (0, 0.5)])


def ellipse(width: float, height: float) -> F64:
    """Give the ellipse within a rectangle."""
    angles = np.linspace(0, 2 * math.pi, STEPS + 1)
    around: F64 = (np.stack([np.cos(angles), np.sin(angles)], 1) + 1) / 2 * (width, height)
    return around


def star(width: float, height: float, points: int = 5, inner: float = 0.5) -> F64:
    """Give a star, or with `inner` 1 a regular polygon of twice as many corners, as large as fits."""
    angles = np.arange(2 * points) * math.pi / points - math.pi / 2
    radii = np.where(np.arange(2 * points) % 2, inner, 1.0)
    corners = np.stack([np.cos(angles) * radii, np.sin(angles) * radii], 1)
    low, high = corners.min(0), corners.max(0)
    return polygon(width, height, [(x, y) for x, y in ((corners - low) / (high - low)).tolist()])


def smooth(points: F64) -> F64:
    """Lay a curve through points (Catmull and Rom 1974); fewer than 3 are a straight line."""
    if len(points) < 3:
        return points
    closed = bool(np.allclose(points[0], points[-1]))
    before = points[-2] if closed else points[0]
    after = points[1] if closed else points[-1]
    padded = np.concatenate([before[None], points, after[None]])
    t = (np.arange(BETWEEN) / BETWEEN)[:, None]
    a, b, c, d = (padded[n : len(padded) - 3 + n, None] for n in range(4))
    pieces = b + t / 2 * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    curve: F64 = np.concatenate([pieces.reshape(-1, points.shape[1]), points[-1:]])
    return curve


def turned(points: F64, angle: float, about: F64 | tuple[float, float] = (0.0, 0.0)) -> F64:
    """Turn points by an angle in radians, clockwise as y points down."""
    cosine, sine = math.cos(angle), math.sin(angle)
    center = np.asarray(about, np.float64)
    result: F64 = (points - center) @ np.array([[cosine, sine], [-sine, cosine]]) + center
    return result
