"""Line drawings: where ink must be and where it must not."""

from __future__ import annotations

import numpy as np
import pytest
from render_shapes import DISTANCE, box, flipped, join, project, sheet, soup, sphere, turned

from sketchshape.render import render_lines, render_views
from sketchshape.render.contours import mark_contours, mark_creases, mark_valleys
from sketchshape.render.framing import frame
from sketchshape.render.strokes import OUTLINE, STRONG, WEAK, draw_lines, without_specks
from sketchshape.types import Mesh

NOWHERE = np.zeros((60, 60), np.uint8)


def disc(size: int) -> np.ndarray:
    """Distance of every pixel from the middle, in radii of the outline of the unit sphere."""
    at = np.arange(size) - (size - 1) / 2
    radius = np.tan(np.arcsin(1 / DISTANCE)) / np.tan(np.radians(15)) * size / 2
    return np.hypot(at[:, None], at[None, :]) / radius


@pytest.mark.parametrize("size", [100, 224, 300])
def test_a_sphere_is_a_circle(size: int) -> None:
    view, distance = render_lines(sphere(100, 200), 2, size)[1], disc(size)
    width = 2.5 / 112  # of the line, in radii
    assert np.all(view[np.abs(distance - 1) < 0.2 * width] < 200)
    assert np.all(view[np.abs(distance - 1) > 1.5 * width] == 255)


def test_a_line_is_about_two_pixels_wide() -> None:
    ink = (255 - render_lines(sphere(100, 200), 1)[0].astype(float)) / 255
    length = 2 * np.pi * np.tan(np.arcsin(1 / DISTANCE)) / np.tan(np.radians(15)) * 112
    assert 1.5 < ink.sum() / length < 2.5


@pytest.mark.parametrize("noise", [0.001, 0.003])
def test_noise_makes_no_specks(noise: float) -> None:
    views = render_lines(sphere(300, 300, noise=noise), 3)
    assert np.mean(views[:, disc(224) < 0.9] < 255) < 0.002


def test_a_box_shows_its_nine_edges_and_nothing_else() -> None:
    mesh = box((-1, -0.8, -0.7), (1, 0.8, 0.7))
    corners, _ = frame(mesh)
    for camera in (1, 2, 4, 7):
        view, azimuth = render_lines(mesh)[camera], 30.0 * camera
        at = project(corners, azimuth, 224)
        # The corner farthest from the camera is hidden, and with it its three edges.
        eye = np.radians(azimuth)
        hidden = int(np.argmin(corners @ (np.sin(eye), 0.5, np.cos(eye))))
        distance = np.full(view.shape, np.inf)
        pixels = np.stack(np.meshgrid(np.arange(224), np.arange(224)), -1)
        for i in range(8):
            for j in (i ^ 1, i ^ 2, i ^ 4):
                if i < j and hidden not in (i, j):
                    along = at[j] - at[i]
                    part = np.clip((pixels - at[i]) @ along / (along @ along), 0, 1)
                    distance = np.minimum(
                        distance, np.linalg.norm(pixels - at[i] - part[..., None] * along, axis=-1)
                    )
                    middle = np.round(at[i] + along * np.linspace(0.15, 0.85, 20)[:, None]).astype(int)
                    assert np.all(view[middle[:, 1], middle[:, 0]] < 160), (camera, i, j)
        assert np.all(view[distance > 4] == 255)


def test_a_plane_has_an_outline_only_however_it_is_meshed() -> None:
    plain = render_lines(sheet((0.3, 1, 0.2)), 3)
    fine = render_lines(sheet((0.3, 1, 0.2), 40, 0.3), 3)
    assert np.mean(plain != fine) < 1e-3
    assert np.mean(plain < 255) < 0.05


def test_flipped_faces_change_no_byte() -> None:
    mesh = join(sphere(30, 40, bumps=0.2), box((1, -1, -1), (1.5, 0, 0)), soup(20, 5))
    np.testing.assert_array_equal(render_lines(mesh, 4), render_lines(flipped(mesh), 4))


def test_a_quarter_turn_is_exact_and_every_run_the_same() -> None:
    mesh = join(box((-1, 0, -0.5), (1, 0.5, 0.5)), box((-0.25, 0.5, -0.5), (0.5, 1.5, 0.25)))
    views = render_lines(mesh, 12, 96)
    np.testing.assert_array_equal(views, render_lines(mesh, 12, 96))
    np.testing.assert_array_equal(np.roll(views, 3, axis=0), render_lines(turned(mesh, 90), 12, 96))


def test_lines_lie_on_the_shape_of_the_shaded_view() -> None:
    mesh = sphere(40, 60, bumps=0.3)
    shaded, lines = render_views(mesh, 3), render_lines(mesh, 3)
    assert np.all(render_lines(mesh, 3)[:, 0] == 255)
    ys, xs = np.nonzero(lines[0] < 255)
    for y, x in zip(ys, xs, strict=True):
        assert shaded[0, max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3].min() < 255


def test_a_nearer_box_is_outlined_against_the_one_behind() -> None:
    mesh = join(box((-1, -1, -1), (1, 1, -0.9)), box((-0.3, -0.3, 0.3), (0.3, 0.3, 0.4)))
    corners, _ = frame(mesh)
    left, right = project(corners[[12, 13]], 0, 224).round().astype(int)
    assert np.all(render_lines(mesh, 1)[0, left[1], left[0] + 3 : right[0] - 3] < 160)


def test_a_flat_shape_from_its_side_is_a_stroke() -> None:
    views = render_lines(sheet((0, 0, 1), 10), 4)
    assert np.all((views[1] < 255).any(axis=0).sum() <= 5)
    assert np.all((views < 255).any(axis=2).sum(axis=1) > 100)


@pytest.mark.parametrize(("count", "size"), [(0, 224), (1, 15)])
def test_count_and_size_have_a_range(count: int, size: int) -> None:
    with pytest.raises(ValueError, match="expected"):
        render_lines(box(), count, size)
    with pytest.raises(ValueError, match="nothing to draw"):
        render_lines(Mesh(np.zeros((3, 3)), np.array([[0, 1, 2]])))


def test_contours_are_jumps_and_not_slopes() -> None:
    i, j = np.mgrid[:60, :60].astype(np.float32)
    slope = (0.2 + 0.001 * i + 0.0005 * j).astype(np.float32)  # 1/depth of a plane that is steep
    assert not mark_contours(slope)[3:-3, 3:-3].any()
    jump = slope + np.where(j < 30, 0.01, 0).astype(np.float32)
    marks = mark_contours(jump)[3:-3, 3:-3]
    np.testing.assert_array_equal(np.unique(np.nonzero(marks)[1]), [26])  # column 29, of the nearer side
    assert set(np.unique(marks)) == {0, STRONG}
    ended = np.where(j < 30, slope, 0).astype(np.float32)
    assert set(np.unique(mark_contours(ended)[3:-3, 29])) == {OUTLINE}


@pytest.mark.parametrize(("degrees", "mark"), [(10, 0), (35, WEAK), (80, STRONG)])
def test_creases_are_marked_by_their_angle(degrees: float, mark: int) -> None:
    side = np.where(np.arange(60) < 30, -1, 1) * np.radians(degrees / 2)
    normal = np.zeros((3, 60, 60), np.float32)
    normal[0], normal[2] = np.sin(side), np.cos(side)
    ink = NOWHERE.copy()
    mark_creases(normal, 3, NOWHERE, ink)
    assert set(np.unique(ink[10:50, 27:33])) - {0} == ({mark} if mark else set())
    assert not ink[:, :26].any()
    assert not ink[:, 34:].any()


def test_a_curved_surface_has_no_crease() -> None:
    angle = np.radians(np.linspace(-80, 80, 60))
    normal = np.zeros((3, 60, 60), np.float32)
    normal[0], normal[2] = np.sin(angle), np.cos(angle)
    ink = NOWHERE.copy()
    mark_creases(normal, 3, NOWHERE, ink)
    assert not ink.any()


@pytest.mark.parametrize(("depth", "mark"), [(0.02, 0), (0.1, WEAK), (0.3, STRONG)])
def test_valleys_are_marked_at_the_bottom(depth: float, mark: int) -> None:
    x = np.arange(60) - 31
    facing = np.broadcast_to(0.9 - depth * np.exp(-(x**2) / 20), (60, 60)).astype(np.float32)
    for picture in (facing, np.ascontiguousarray(facing.T)):
        ink = NOWHERE.copy()
        mark_valleys(picture, 7, NOWHERE, ink)
        ink = ink if picture is facing else ink.T
        assert set(np.unique(ink[10:50, 31])) == {mark}
        assert not ink[:, :31].any()
        assert not ink[:, 32:].any()


def test_specks_go_and_lines_and_outlines_stay() -> None:
    ink = NOWHERE.copy()
    ink[5, 5:25], ink[10, 5:14], ink[15, 5:25], ink[20, 5], ink[24, 5:25] = (
        STRONG,
        STRONG,
        WEAK,
        OUTLINE,
        WEAK,
    )
    ink[24, 12] = STRONG
    kept = without_specks(ink, 10)
    assert kept[5].sum() == 20
    assert kept[10].sum() == 0
    assert kept[15].sum() == 0
    assert kept[20].sum() == 1
    assert kept[24].sum() == 20
    diagonal = (np.eye(60) * STRONG).astype(np.uint8)
    np.testing.assert_array_equal(without_specks(diagonal, 60), np.eye(60))
    assert not without_specks(diagonal, 61).any()


def test_a_stroke_is_a_disc_brought_to_pixels() -> None:
    ink, view = np.zeros((40, 40), np.uint8), np.full((20, 20), 255, np.uint8)
    ink[20, 20] = 1
    draw_lines(ink, 3.0, (10, 30, 10, 30), 10, view)
    tent = np.array([1, 3, 3, 1]) / 8
    wet = (np.hypot(*np.mgrid[-20:20, -20:20]) <= 3).astype(float)
    for row, column in ((10, 10), (10, 11), (8, 10), (12, 9), (5, 5)):
        part = wet[2 * row - 1 : 2 * row + 3, 2 * column - 1 : 2 * column + 3]
        assert view[row, column] == pytest.approx(255 * (1 - tent @ part @ tent), abs=0.6)
