from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from sketchshape.types import Mesh
from sketchshape.upright.samples import hull, margin, on_surface


@pytest.mark.parametrize("count", [3, 4, 10, 500])
def test_the_outline_is_the_convex_hull(count: int) -> None:
    points = np.random.default_rng(count).normal(size=(count, 2))
    outline, area = hull(points)
    expected = ConvexHull(points)
    assert area == pytest.approx(expected.volume)
    assert {tuple(row) for row in outline} == {tuple(row) for row in points[expected.vertices]}


@pytest.mark.parametrize("points", [np.zeros((0, 2)), np.zeros((5, 2)), np.array([[0.0, 0], [1, 1], [2, 2]])])
def test_what_has_no_area_has_no_outline(points: np.ndarray) -> None:
    outline, area = hull(points)
    assert area == 0
    assert margin(outline, np.zeros(2)) <= 0


def test_the_margin_is_the_distance_to_the_nearest_side() -> None:
    square, _ = hull(np.array([[0.0, 0], [4, 0], [4, 4], [0, 4], [2, 2]]))
    assert margin(square, np.array([1.0, 2.0])) == pytest.approx(1)
    assert margin(square, np.array([-1.0, 2.0])) == pytest.approx(-1)


def test_points_are_spread_by_area() -> None:
    vertices = np.array([[0, 0, 0], [3, 0, 0], [3, 1, 0], [0, 0, 2], [1, 0, 2], [1, 1, 2]], np.float32)
    points, normals = on_surface(Mesh(vertices, np.array([[0, 1, 2], [3, 4, 5]])), 4096)
    assert (points[:, 2] < 0).mean() == pytest.approx(3 / 4, abs=1e-3)
    np.testing.assert_allclose(np.abs(normals), np.tile([0, 0, 1], (4096, 1)), atol=1e-12)
    assert np.abs(points).max() <= 0.5
