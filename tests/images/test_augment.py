"""Variants of a sketch: the same every time, still the same drawing."""

import numpy as np
import pytest

from sketchshape.images import draw_strokes, prepare, variants
from sketchshape.images.thicken import thicken

SKETCH = draw_strokes([[[0, 90, 90, 0, 0], [0, 0, 40, 40, 0]], [[20, 20, 40], [40, 90, 95]]], size=128)


def test_the_first_two_are_plain_and_mirrored() -> None:
    assert len(variants(SKETCH, 1, 15, 0)) == 1
    plain, mirrored = variants(SKETCH, 2, 15, 0)
    np.testing.assert_array_equal(plain, SKETCH)
    np.testing.assert_array_equal(mirrored, SKETCH[:, ::-1])


def test_they_depend_on_seed_and_index_alone() -> None:
    long, short, other = variants(SKETCH, 8, 15, 3), variants(SKETCH, 5, 15, 3), variants(SKETCH, 8, 15, 4)
    for a, b in zip(long, short, strict=False):
        np.testing.assert_array_equal(a, b)
    assert all(not np.array_equal(a, b) for a, b in zip(long[2:], other[2:], strict=True))
    pairs = [(a, b) for n, a in enumerate(long) for b in long[:n]]
    assert all(not np.array_equal(prepare(a, 64), prepare(b, 64)) for a, b in pairs)


def test_nothing_is_cut_off_and_paper_stays_white() -> None:
    tight = SKETCH[SKETCH.min(1) < 255][:, SKETCH.min(0) < 255]
    for gray in variants(tight, 24, 45, 1)[2:]:
        assert gray.dtype == np.uint8
        assert np.median(gray) == 255
        corners = [gray[0, 0], gray[0, -1], gray[-1, 0], gray[-1, -1]]
        assert min(corners) >= 128
        ink, before = (255.0 - gray).sum(), (255.0 - tight).sum()
        assert 0.85 * before < ink < 2.2 * before


def test_they_stay_near_the_sketch() -> None:
    """Even ones look like the sketch, odd ones like its mirror image, more than the other way round."""
    corner = np.where(np.tri(100, dtype=bool), 0, 255).astype(np.uint8)
    plain, mirrored = prepare(corner, 32).ravel(), prepare(corner[:, ::-1], 32).ravel()
    for n, gray in enumerate(variants(corner, 20, 10, 0)):
        near, far = (plain, mirrored) if n % 2 == 0 else (mirrored, plain)
        small = prepare(gray, 32).ravel()
        assert np.corrcoef(small, near)[0, 1] > np.corrcoef(small, far)[0, 1] + 0.3


def test_the_turn_is_within_its_bound() -> None:
    """The direction of a long line, from the moments of its ink."""
    line = draw_strokes([[[0, 100], [0, 0]]], size=256, width=2)

    def angle(gray: np.ndarray) -> float:
        rows, columns = np.nonzero(gray < 128)
        covariance = np.cov(columns, rows)
        return float(np.degrees(0.5 * np.arctan2(2 * covariance[0, 1], covariance[0, 0] - covariance[1, 1])))

    angles = [angle(gray) for gray in variants(line, 60, 20, 0)[2:]]
    assert max(map(abs, angles)) <= 20.5
    assert max(angles) > 12
    assert min(angles) < -12
    assert max(abs(angle(gray)) for gray in variants(line, 10, 0, 0)) < 0.5


@pytest.mark.parametrize(("count", "rotation", "seed"), [(0, 15, 0), (1, -1, 0), (1, 181, 0), (1, 15, -1)])
def test_bad_arguments(count: int, rotation: float, seed: int) -> None:
    with pytest.raises(ValueError, match="expected 1 or more"):
        variants(SKETCH, count, rotation, seed)


def test_the_sketch_is_not_changed() -> None:
    before = SKETCH.copy()
    for gray in variants(SKETCH, 6, 15, 0)[1:]:
        gray[:] = 0
    np.testing.assert_array_equal(SKETCH, before)


@pytest.mark.parametrize("reach", [0, 1, 2, 9])
def test_thicken_is_the_darkest_of_the_square(reach: int) -> None:
    gray = np.random.default_rng(0).integers(0, 256, (7, 5)).astype(np.uint8)
    expected = np.empty_like(gray)
    for r in range(7):
        for c in range(5):
            expected[r, c] = gray[max(0, r - reach) : r + reach + 1, max(0, c - reach) : c + reach + 1].min()
    np.testing.assert_array_equal(thicken(gray, reach), expected)
