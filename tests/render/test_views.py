"""Shaded views: analytic pictures, a ray caster that is slow and literal, and what must not change a byte."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from render_shapes import DISTANCE, axes, box, flipped, join, sheet, soup, sphere, turned

from sketchshape.render import contact_sheet, render_views
from sketchshape.render.camera import rings
from sketchshape.render.framing import frame, smallest_circle
from sketchshape.render.raster import empty_samples, rasterise
from sketchshape.types import Mesh

FACING_VIEWER = (0.0, 0.5, float(np.sqrt(0.75)))


def seen(mesh: Mesh, size: int = 64, camera: int = 0, elevation: float = 30) -> tuple[np.ndarray, np.ndarray]:
    """1/depth and face of every sample, of a mesh that is in the unit sphere already."""
    samples = empty_samples(size)
    rasterise(mesh.vertices, np.sort(mesh.faces, axis=1), rings(12, [elevation])[camera], samples)
    samples = np.ascontiguousarray(samples[:, : 2 * size])
    return (samples >> 32).astype(np.int32).view(np.float32), samples.astype(np.int32)


def cast_rays(mesh: Mesh, azimuth: float, size: int) -> np.ndarray:
    """Shade every sample by the triangle that its ray meets first, and average 2 by 2."""
    vertices, faces = frame(mesh)
    corners = vertices.astype(np.float64)[faces]
    side, basis = 2 * size, axes(azimuth)
    at = ((np.arange(side) + 0.5) / size - 1) * np.tan(np.radians(15))
    rays = np.stack(np.broadcast_arrays(at[None, :], -at[:, None], -1.0), -1) @ basis
    eye, best = basis[2] * DISTANCE, np.full((side, side), np.inf)
    grey = np.full((side, side), 255.0)
    for a, b, c in corners:
        normal = np.cross(b - a, c - a)
        with np.errstate(divide="ignore", invalid="ignore"):
            t = (a - eye) @ normal / (rays @ normal)
        hits = eye + t[..., None] * rays
        sides = [np.cross(q - p, hits - p) @ normal for p, q in ((a, b), (b, c), (c, a))]
        inside = (np.min(sides, axis=0) >= 0) & (t < best)
        cosine = np.abs(rays @ normal) / np.linalg.norm(rays, axis=-1) / np.linalg.norm(normal)
        best[inside], grey[inside] = t[inside], (40 + 180 * cosine)[inside]
    return grey.reshape(size, 2, size, 2).mean(axis=(1, 3))


@pytest.mark.parametrize("seed", range(4))
def test_views_are_those_of_a_literal_ray_caster(seed: int) -> None:
    mesh = soup((1, 5, 30, 200)[seed], seed)
    views = render_views(mesh, 5, 48).astype(float)
    for k, view in enumerate(views):
        off = np.abs(view - cast_rays(mesh, 72 * k, 48))
        # A sample may change sides where an edge passes within 1/256 of it, and nothing else may differ.
        assert np.mean(off > 0.75) < 0.005
        assert off.max() < 255 / 2


def test_the_outline_of_a_sphere_is_the_cone_that_touches_it() -> None:
    vertices = sphere(120, 240).vertices
    for camera in range(0, 12, 5):
        _, face = seen(Mesh(vertices, sphere(120, 240).faces), 200, camera)
        radius = np.tan(np.arcsin(1 / DISTANCE)) / np.tan(np.radians(15)) * 200
        assert np.sum(face >= 0) == pytest.approx(np.pi * radius**2, rel=1e-3)


def test_a_sphere_fills_the_picture_but_for_two_percent() -> None:
    view = render_views(sphere(), 1)[0]
    rows, columns = np.nonzero(view < 255)
    for low, high in ((rows.min(), rows.max()), (columns.min(), columns.max())):
        assert 1 <= low <= 4
        assert 219 <= high <= 222


def test_depth_of_a_plane_is_analytic() -> None:
    near, face = seen(sheet((0, 1, 0)), 100)
    row, column = np.nonzero(face >= 0)
    x, y = (column - 99.5) / 100, (99.5 - row) / 100
    ray = np.stack([x, y, -1 / np.tan(np.radians(15)) + 0 * x], -1) * np.tan(np.radians(15)) @ axes(0)
    depth = DISTANCE * axes(0)[2][1] / -ray[:, 1]
    np.testing.assert_allclose(near[row, column], 1 / depth, atol=3e-6)  # corners are rounded to 1/256
    assert np.all(near[face < 0] == 0)


def test_shading_is_ambient_plus_cosine() -> None:
    assert render_views(sheet(FACING_VIEWER), 1, 101)[0, 50, 50] == 220
    level = render_views(sheet((0, 1, 0)), 12, 101)
    assert np.all(level[:, 50, 50] == 40 + 180 // 2)


@pytest.mark.parametrize("cells", [2, 7, 50, 150])
def test_nothing_shines_through_between_neighbours(cells: int) -> None:
    whole, parts = sheet(FACING_VIEWER), sheet(FACING_VIEWER, cells, 0.3)
    np.testing.assert_array_equal(seen(whole, 100)[1] >= 0, seen(parts, 100)[1] >= 0)
    assert np.abs(seen(whole, 100)[0] - seen(parts, 100)[0]).max() < 3e-7


def test_the_nearer_surface_is_seen_in_whatever_order() -> None:
    back, front = sheet(FACING_VIEWER), sheet((0, 1, 0))
    small = Mesh(front.vertices * 0.4 + 0.2 * np.array(FACING_VIEWER, np.float32), front.faces)
    for mesh, nearer in ((join(back, small), (2, 3)), (join(small, back), (0, 1))):
        near, face = seen(mesh, 50)
        assert face[49, 49] in nearer
        assert near[49, 49] > 1 / DISTANCE
        assert face[32, 49] not in (*nearer, -1)


def test_of_two_faces_at_one_place_the_later_is_seen() -> None:
    one = sheet(FACING_VIEWER)
    _, face = seen(join(one, one), 30)
    assert set(np.unique(face)) == {-1, 2, 3}


def test_a_turn_by_one_camera_gives_the_next_views() -> None:
    mesh = soup(60, 3)
    views, after = render_views(mesh), render_views(turned(mesh, 30))
    # The turned corners are rounded to float32, which moves a few samples at edges; the rest is the same.
    assert np.mean(np.roll(views, 1, axis=0) != after) < 1e-3
    assert np.mean(views != after) > 0.05


def test_a_camera_that_looks_straight_down_sees_what_lies_below() -> None:
    mesh = box((-1, 0, -0.5), (1, 0.4, 0.5))
    above, below, level = render_views(mesh, 1, 101, (90, -90, 0))
    np.testing.assert_array_equal(above, below[::-1])  # a box looks the same from below, its depth mirrored
    inside = above < 255
    wide, deep = inside.any(0).sum(), inside.any(1).sum()
    assert abs(wide / deep - 2) < 0.1
    assert np.median(above[inside]) > 215  # its top faces the camera, but for perspective
    assert abs((level < 255).any(0).sum() / (level < 255).any(1).sum() - 2 / 0.4) < 0.4


def test_a_tilted_camera_sees_what_the_usual_one_sees_of_a_tilted_shape() -> None:
    mesh = soup(60, 3)
    mesh = Mesh(mesh.vertices / np.linalg.norm(mesh.vertices, axis=1).max(), mesh.faces)
    for elevation in (-20.0, 10.0, 50.0):
        tilt = np.radians(elevation - 30)
        turn = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
        _, expected = seen(Mesh(mesh.vertices @ turn.T, mesh.faces))
        _, found = seen(mesh, elevation=elevation)
        assert np.mean(found != expected) < 0.01
        assert np.mean(found != seen(mesh)[1]) > 0.05


@pytest.mark.parametrize("elevations", [(), (91,), (30, -90.5), (float("nan"),)])
def test_elevations_out_of_range_are_refused(elevations: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="expected numbers from -90 to 90"):
        render_views(box(), 1, 32, elevations)


@pytest.mark.parametrize("count", [4, 12, 20])
def test_a_quarter_turn_is_exact(count: int) -> None:
    mesh = join(box((-1, 0, -0.5), (1, 0.5, 0.5)), box((-0.25, 0.5, -0.5), (0.5, 1.5, 0.25)))
    for quarters in (1, 2, 3):
        after = render_views(turned(mesh, 90 * quarters), count, 64)
        np.testing.assert_array_equal(
            np.roll(render_views(mesh, count, 64), quarters * count // 4, axis=0), after
        )


def test_winding_position_and_unit_change_no_byte() -> None:
    mesh = join(sphere(20, 30, bumps=0.2), soup(40, 1))
    views = render_views(mesh, 4)
    np.testing.assert_array_equal(views, render_views(flipped(mesh), 4))
    np.testing.assert_array_equal(views, render_views(Mesh(mesh.vertices * 2.0**40, mesh.faces), 4))
    np.testing.assert_array_equal(views, render_views(Mesh(mesh.vertices * 2.0**-40, mesh.faces), 4))


def test_bad_faces_change_no_byte() -> None:
    mesh, nan, inf = box(), float("nan"), float("inf")
    n = len(mesh.vertices)
    vertices = np.concatenate([mesh.vertices, [[nan, 0, 0], [0, inf, 0], [9, 9, 9], [0, -inf, nan]]])
    bad = [
        (0, 1, n),
        (n + 1, 1, 2),
        (0, 1, -1),
        (0, 1, n + 4),
        (-(2**31), 2, 2**31 - 1),
        (3, 3, 5),
        (4, 4, 4),
    ]
    faces = np.concatenate([bad[:3], mesh.faces[:5], bad[3:], mesh.faces[5:]])
    np.testing.assert_array_equal(render_views(mesh, 3), render_views(Mesh(vertices, faces), 3))


def test_every_run_gives_the_same_bytes() -> None:
    mesh = sphere(40, 50, bumps=0.2, noise=0.01)
    np.testing.assert_array_equal(render_views(mesh), render_views(mesh))


def test_what_is_thinner_than_a_sample_is_a_line_and_not_nothing() -> None:
    needle = Mesh(np.array([[0, -1, 0], [0, 1, 0], [1e-4, 1, 0]]), np.array([[0, 1, 2]]))
    line = Mesh(np.array([[0, -1, 0], [0, 1, 0], [0, 0.5, 0]]), np.array([[0, 1, 2]]))
    for mesh in (needle, line):
        for view in render_views(mesh, 3):
            rows, columns = np.nonzero(view < 255)
            assert len(set(columns)) <= 2
            assert set(rows) == set(range(rows.min(), rows.max() + 1))
            assert len(set(rows)) > 180


def test_a_flat_shape_from_its_side_is_a_line() -> None:
    views = render_views(sheet((0, 0, 1), 10), 4, 64)
    assert [int((view < 255).any(axis=0).sum()) <= 2 for view in views] == [False, True, False, True]
    assert np.all((views < 255).any(axis=2).sum(axis=1) > 30)


@pytest.mark.parametrize(
    ("mesh", "says"),
    [
        (Mesh(np.zeros((0, 3)), np.zeros((0, 3))), "none of the 0 faces"),
        (Mesh(np.zeros((3, 3)), np.array([[0, 1, 3]])), "none of the 1 faces"),
        (Mesh(np.full((3, 3), np.nan), np.array([[0, 1, 2]])), "none of the 1 faces"),
        (Mesh(np.ones((3, 3)), np.array([[0, 1, 2]])), "at one point"),
    ],
)
def test_nothing_to_draw_is_an_error(mesh: Mesh, says: str) -> None:
    with pytest.raises(ValueError, match=f"nothing to draw: .*{says}"):
        render_views(mesh)


@pytest.mark.parametrize(("count", "size"), [(0, 224), (-1, 224), (1, 15), (1, 4097)])
def test_count_and_size_have_a_range(count: int, size: int) -> None:
    with pytest.raises(ValueError, match=f"is {count if count < 1 else size}, expected"):
        render_views(box(), count, size)


@pytest.mark.parametrize("seed", range(30))
def test_the_smallest_circle_is_that_of_an_exhaustive_search(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.integers(-3, 4, (8, 2)).astype(float) if seed % 2 else rng.normal(size=(8, 2))
    centre = smallest_circle(*np.ascontiguousarray(points.T))
    circles = [np.mean(pair, axis=0) for pair in itertools.combinations(points, 2)]
    for a, b, c in itertools.combinations(points, 3):
        system = 2 * np.array([b - a, c - a])
        if abs(np.linalg.det(system)) > 1e-9:
            circles.append(np.linalg.solve(system, [b @ b - a @ a, c @ c - a @ a]))
    least = min(np.linalg.norm(points - c, axis=1).max() for c in circles)
    assert np.linalg.norm(points - centre, axis=1).max() == pytest.approx(least, rel=1e-9, abs=1e-12)


def test_a_framed_shape_touches_the_unit_sphere() -> None:
    vertices, _ = frame(Mesh(soup(50, 2).vertices * 1e30, soup(50, 2).faces))
    lengths = np.linalg.norm(vertices.astype(np.float64), axis=1)
    assert lengths.max() == pytest.approx(1, abs=1e-7)
    assert vertices[:, 1].max() == pytest.approx(-vertices[:, 1].min(), abs=1e-6)


def test_contact_sheet_lays_out_rows() -> None:
    views = np.arange(5 * 2 * 3, dtype=np.uint8).reshape(5, 2, 3)
    sheet_ = contact_sheet(views, 2)
    assert sheet_.shape == (6, 6)
    for k in range(5):
        row, column = divmod(k, 2)
        np.testing.assert_array_equal(sheet_[2 * row : 2 * row + 2, 3 * column : 3 * column + 3], views[k])
    assert np.all(sheet_[4:, 3:] == 255)
    with pytest.raises(ValueError, match="columns is 0"):
        contact_sheet(views, 0)
    with pytest.raises(ValueError, match="expected"):
        contact_sheet(views[0], 2)
