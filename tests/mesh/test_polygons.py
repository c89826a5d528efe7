"""Polygons of any shape are cut into triangles that cover them once."""

from __future__ import annotations

from pathlib import Path

import mesh_files as files
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sketchshape.mesh import load_mesh
from sketchshape.mesh.triangulate import Polygons, triangulate
from sketchshape.types import F64, I64, Mesh

STAR = [(np.cos(a) * r, np.sin(a) * r) for a, r in zip(np.arange(10) * np.pi / 5, [3, 1] * 5, strict=True)]
CONCAVE = {
    "arrow": [(0, 0), (4, -3), (1, 0), (4, 3)],
    "L": [(0, 0), (4, 0), (4, 1), (1, 1), (1, 3), (0, 3)],
    "U": [(0, 0), (5, 0), (5, 4), (4, 4), (4, 1), (1, 1), (1, 4), (0, 4)],
    "star": STAR,
    "comb": [(0, 0), (9, 0), *[(9 - i, 5 if i % 2 else 1) for i in range(10)]],
}
TILTS = [np.eye(3), np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0], np.eye(3)[[1, 2, 0]]]


def shoelace(flat: F64) -> float:
    x, y = flat.T
    return float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2)


def cut(vertices: F64, *polygons: list[int]) -> Mesh:
    corners = np.array([i for polygon in polygons for i in polygon], np.int64)
    offset = np.concatenate([[0], np.cumsum([len(polygon) for polygon in polygons])]).astype(np.int64)
    return Mesh(vertices, triangulate(vertices, Polygons(corners, offset)))


@pytest.mark.parametrize("tilt", range(len(TILTS)))
@pytest.mark.parametrize("name", CONCAVE)
@pytest.mark.parametrize("winding", [1, -1])
def test_a_concave_polygon_is_covered_once(name: str, tilt: int, winding: int) -> None:
    flat = np.array(CONCAVE[name], np.float64)
    for first in range(len(flat)):
        ring = np.roll(flat, first, axis=0)[::winding]
        vertices = np.column_stack([ring, np.full(len(ring), 2.0)]) @ TILTS[tilt].T + 5
        mesh = cut(vertices, list(range(len(ring))))
        want = shoelace(ring)
        assert len(mesh.faces) == len(ring) - 2
        assert files.absolute_area(mesh) == pytest.approx(abs(want), rel=1e-5)
        np.testing.assert_allclose(files.area(mesh), TILTS[tilt] @ [0, 0, want], atol=1e-4)


@given(st.lists(st.floats(0.1, 10), min_size=3, max_size=24), st.integers(0, 1000))
def test_a_star_shaped_polygon_has_the_area_of_the_shoelace(radii: list[float], seed: int) -> None:
    angles = np.arange(len(radii)) * 2 * np.pi / len(radii)
    flat = np.array(radii)[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    mesh = cut(np.column_stack([flat, np.zeros(len(flat))]) @ turn.T, list(range(len(flat))))
    assert files.absolute_area(mesh) == pytest.approx(shoelace(flat), rel=1e-4)


def test_a_warped_quadrilateral_keeps_its_vector_area() -> None:
    vertices = np.array([[0, 0, 0], [2, 0, 0.3], [2, 2, 0], [0, 2, 0.3]])
    mesh = cut(vertices, [0, 1, 2, 3])
    diagonals = np.cross(vertices[2] - vertices[0], vertices[3] - vertices[1]) / 2
    np.testing.assert_allclose(files.area(mesh), diagonals, atol=1e-6)


def test_sizes_are_mixed_and_a_bad_polygon_is_its_bad_corner() -> None:
    ring = np.column_stack([np.array(CONCAVE["L"], np.float64), np.zeros(6)])
    vertices = np.vstack([ring, [[np.nan, 0, 0]]])
    mesh = cut(vertices, [0, 1, 2, 3, 4, 5], [], [0, 1], [0, 1, 6], [0, 1, 2], [0, 1, 7, 2], [-1, 0, 1, 2, 3],
               [5, 4, 3, 2, 1, 0], [2, 3, 4, 5, 0])  # fmt: skip
    impossible = (mesh.faces < 0) | (mesh.faces > 5)
    assert sorted(mesh.faces[impossible.any(axis=1)].tolist()) == [[-1] * 3, [6] * 3, [7] * 3]
    assert (~impossible).all(axis=1).sum() == 4 + 1 + 4 + 3


@pytest.mark.parametrize("polygon", [[0, 0, 0, 0, 0], [0, 1, 0, 1, 0], [0, 1, 1, 1, 1, 0], [0, 2, 4, 1, 3]])
def test_a_degenerate_polygon_gives_corners_of_its_own(polygon: list[int]) -> None:
    angles = np.arange(5) * 2 * np.pi / 5
    vertices = np.column_stack([np.cos(angles), np.sin(angles), np.zeros(5)])
    mesh = cut(vertices, polygon)
    assert set(mesh.faces.ravel().tolist()) <= set(polygon)


@pytest.mark.parametrize("suffix", ["off", "obj", "ply", "ply text"])
def test_every_polygon_format_cuts_concave_polygons(tmp_path: Path, suffix: str) -> None:
    flat = np.array(CONCAVE["U"], np.float64)
    vertices = np.column_stack([flat, np.zeros(len(flat))])
    faces: list[list[int]] = [list(range(8)), [0, 1, 2], [1, 2, 3, 4]]
    data = {
        "off": files.off(vertices, faces),
        "obj": files.obj(vertices, faces),
        "ply": files.ply(">", vertices, faces),
        "ply text": files.ply("", vertices, faces),
    }[suffix]
    path = tmp_path / f"shape.{suffix[:3]}"
    path.write_bytes(data)
    want = sum(abs(shoelace(flat[face])) for face in faces)
    assert files.absolute_area(load_mesh(path)) == pytest.approx(want)


def test_many_quadrilaterals_equal_each_cut_alone() -> None:
    random = np.random.default_rng(0)
    angles = np.sort(random.uniform(0, 2 * np.pi, (300, 4)), axis=1)
    flat = np.stack([np.cos(angles), np.sin(angles)], axis=2) * random.uniform(0.1, 1, (300, 4, 1))
    vertices = np.concatenate([flat, np.zeros((300, 4, 1))], axis=2).reshape(-1, 3)
    polygons: I64 = np.arange(1200).reshape(-1, 4)
    together = cut(vertices, *polygons.tolist())
    alone = [cut(vertices, polygon).faces for polygon in polygons.tolist()]
    np.testing.assert_array_equal(together.faces, np.concatenate(alone))
