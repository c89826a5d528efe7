"""Drawings that another hand could have made: what each change does, and that none is no change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sketchshape.images import StrokeChanges, draw_strokes, vary_strokes

NONE = StrokeChanges(0, 0, 0, 0, 0, 0, 0, 0, (3.2, 3.2))
HOUSE = [
    [[0, 200, 200, 0, 0], [100, 100, 200, 200, 100]],
    [[0, 100, 200], [100, 0, 100]],
    [[80, 80, 120, 120], [200, 140, 140, 200]],
    [[150], [150]],
]
POINTS = np.concatenate([np.transpose(stroke) for stroke in HOUSE]).astype(float)


def vary(seed: int = 0, **changes) -> tuple[np.ndarray, list]:
    strokes, _ = vary_strokes(HOUSE, replace(NONE, **changes), np.random.default_rng(seed))
    return np.concatenate([np.transpose(stroke) for stroke in strokes]), strokes


def test_without_changes_the_picture_is_the_same() -> None:
    strokes, width = vary_strokes(HOUSE, NONE, np.random.default_rng(0))
    assert width == pytest.approx(3.2)
    difference = draw_strokes(strokes).astype(int) - draw_strokes(HOUSE)
    assert np.abs(difference).max() <= 1


def test_the_same_random_numbers_give_the_same_drawing() -> None:
    changes = StrokeChanges()
    one, other, third = (vary_strokes(HOUSE, changes, np.random.default_rng(s)) for s in (7, 7, 8))
    np.testing.assert_equal(one, other)
    with pytest.raises(AssertionError):
        np.testing.assert_equal(one, third)


def test_a_mirror_image_is_one() -> None:
    points, _ = vary(mirror=1.0)
    unit = (POINTS - [100, 100]) / 200
    np.testing.assert_allclose(points, unit * [-1, 1], atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_a_turn_keeps_lengths_and_stays_within_its_range(seed: int) -> None:
    points, _ = vary(seed, rotation=20.0)
    unit = (POINTS - [100, 100]) / 200
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), np.linalg.norm(unit, axis=1), atol=1e-12)
    corner = unit[0] @ points[0] / (unit[0] @ unit[0])
    assert np.cos(np.radians(20)) - 1e-9 <= corner < 1 - 1e-9


@pytest.mark.parametrize("seed", range(5))
def test_stretching_keeps_the_area(seed: int) -> None:
    points, _ = vary(seed, stretch=0.4)
    unit = (POINTS - [100, 100]) / 200
    matrix = np.linalg.lstsq(unit, points, rcond=None)[0]
    np.testing.assert_allclose(unit @ matrix, points, atol=1e-12)  # a linear map
    assert np.linalg.det(matrix) == pytest.approx(1)
    assert not np.allclose(matrix, np.eye(2), atol=1e-3)


def test_dropping_everything_still_leaves_a_drawing_and_few_strokes_are_kept() -> None:
    assert len(vary(drop=1.0)[1]) == len(HOUSE)
    two, _ = vary_strokes(HOUSE[:2], replace(NONE, drop=1.0), np.random.default_rng(0))
    assert len(two) == 2
    counts = [len(vary(seed, drop=0.5)[1]) for seed in range(200)]
    assert 1.7 < np.mean(counts) < 2.6  # 2, and a little more for those that would be empty


def test_an_unfinished_drawing_is_the_start_of_it() -> None:
    seen = set()
    for seed in range(60):
        _, strokes = vary(seed, unfinished=1.0)
        seen.add(len(strokes))
        whole = vary(seed)[1]
        np.testing.assert_allclose(np.concatenate(strokes, 1), np.concatenate(whole[: len(strokes)], 1))
        assert sum(len(xs) for xs, _ in strokes) >= len(POINTS) / 2
    assert seen == {2, 3, 4}


def test_other_order_is_the_same_picture() -> None:
    orders = [vary(seed, reorder=1.0)[1] for seed in range(5)]
    assert len({str(order) for order in orders}) > 1
    for order in orders:
        np.testing.assert_array_equal(draw_strokes(order), draw_strokes(vary()[1]))


def test_jitter_moves_strokes_and_not_their_form() -> None:
    moved = vary(3, jitter=0.05)[1]
    for stroke, before in zip(moved, vary()[1], strict=True):
        got, unit = np.transpose(stroke), np.transpose(before)
        steps, wanted = (np.linalg.norm(np.diff(p, axis=0), axis=1) for p in (got, unit))
        if len(steps):
            np.testing.assert_allclose(steps / steps.sum(), wanted / wanted.sum())
        assert 1e-4 < np.abs(got - unit).max() < 0.4


def test_bending_is_smooth_and_as_large_as_asked_for() -> None:
    changes = replace(NONE, deform=0.03)
    line = [[list(np.linspace(0, 1, 101)), [0.0] * 101]]
    sizes, kinks = [], []
    for seed in range(50):
        strokes, _ = vary_strokes(line, changes, np.random.default_rng(seed))
        shift = np.transpose(strokes[0]) - np.transpose([np.linspace(-0.5, 0.5, 101), np.zeros(101)])
        sizes.append(np.abs(shift).max())
        kinks.append(np.abs(np.diff(shift, axis=0)).max())
    assert 0.02 < np.mean(sizes) < 0.09
    assert np.max(kinks) < 0.03


def test_pens_are_between_the_thinnest_and_the_thickest() -> None:
    widths = [
        vary_strokes(HOUSE, replace(NONE, widths=(2.0, 6.0)), np.random.default_rng(s))[1] for s in range(200)
    ]
    assert 2 <= min(widths) < 2.1
    assert 5.8 < max(widths) <= 6
