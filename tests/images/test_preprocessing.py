"""The one preprocessing: where the ink ends up, and what does not change it."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sketchshape.images import PREPROCESSING_VERSION, draw_strokes, prepare
from sketchshape.images.preprocessing import INK, MARGIN

HOUSE = [[[0, 0, 100, 100, 0, 50, 100], [150, 60, 60, 150, 150, 0, 60]]]


def blank(height: int, width: int) -> np.ndarray:
    return np.full((height, width), 255, np.uint8)


def box(gray: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(gray < INK)
    return rows.min(), rows.max() + 1, columns.min(), columns.max() + 1


def test_a_rectangle_fills_the_square_less_its_margin() -> None:
    gray = blank(300, 400)
    gray[100:160, 50:90] = 0  # 60 high, 40 wide
    got = prepare(gray, 160)
    assert got.shape == (160, 160)
    assert got.dtype == np.uint8
    expected = blank(160, 160)
    side, margin = 140, 10
    assert margin == 160 * MARGIN
    width = round(40 * side / 60)
    left = (160 - width) // 2
    expected[margin : margin + side, left : left + width] = 0
    np.testing.assert_array_equal(got, expected)


@given(top=st.integers(0, 90), left=st.integers(0, 150), extra=st.integers(0, 60), size=st.integers(16, 300))
@settings(max_examples=60, deadline=None)
def test_place_and_canvas_do_not_matter(top: int, left: int, extra: int, size: int) -> None:
    ink = draw_strokes(HOUSE, size=64)
    canvas = blank(64 + top + extra, 64 + left + extra // 2)
    canvas[top : top + 64, left : left + 64] = ink
    np.testing.assert_array_equal(prepare(canvas, size), prepare(ink, size))


@pytest.mark.parametrize("factor", [2, 3, 6])
def test_scale_hardly_matters(factor: int) -> None:
    small = draw_strokes(HOUSE, size=256, width=6.4)
    large = draw_strokes(HOUSE, size=256 * factor, width=6.4 * factor)
    a, b = (prepare(gray, 96).astype(float) for gray in (small, large))
    assert np.abs(a - b).mean() < 5
    assert np.corrcoef(a.ravel(), b.ravel())[0, 1] > 0.97


def test_prepared_twice_is_prepared() -> None:
    once = prepare(draw_strokes(HOUSE), 160)
    np.testing.assert_array_equal(prepare(once, 160), once)


def test_mirror_commutes_for_a_centred_result() -> None:
    gray = draw_strokes([[[0, 200], [0, 200]]], size=224)
    np.testing.assert_array_equal(prepare(gray[:, ::-1], 160), prepare(gray, 160)[:, ::-1])


@pytest.mark.parametrize("shape", [(1, 1), (1, 2000), (2000, 1)])
def test_dots_and_lines_of_one_pixel_survive(shape: tuple[int, int]) -> None:
    gray = blank(2100, 2100)
    gray[20 : 20 + shape[0], 30 : 30 + shape[1]] = 0
    got = prepare(gray, 160)
    assert got.min() == 0
    top, bottom, left, right = box(got)
    assert max(bottom - top, right - left) == 140


def test_a_thin_diagonal_of_a_large_picture_stays_black_and_whole() -> None:
    got = prepare(np.where(np.eye(3000, dtype=bool), 0, 255).astype(np.uint8), 160)
    assert got.min() == 0
    assert (np.diag(got)[10:150] < 100).all()


def test_ink_is_kept_where_nothing_is_resized() -> None:
    gray = blank(200, 200)
    gray[30:170, 30:170] = np.random.default_rng(0).integers(0, 240, (140, 140))
    expected = blank(160, 160)
    expected[10:150, 10:150] = gray[30:170, 30:170]
    np.testing.assert_array_equal(prepare(gray, 160), expected)


def test_reduction_averages() -> None:
    gray = blank(560, 560)
    gray[::2] = 0  # half ink: neither black nor white may win
    gray[-20:] = 0
    inner = prepare(gray, 160)[20:130, 20:140]
    assert abs(float(inner.mean()) - 127.5) < 3
    assert inner.std() < 3


@pytest.mark.parametrize("size", [8, 9, 33, 160, 224])
def test_the_border_is_white_at_any_size(size: int) -> None:
    got = prepare(draw_strokes(HOUSE), size)
    margin = max(1, round(size / 16))
    frame = np.ones_like(got, bool)
    frame[margin:-margin, margin:-margin] = False
    assert (got[frame] == 255).all()
    assert box(got)[0] <= margin + 1


def test_bytes_are_pinned() -> None:
    """The cached and exported networks depend on these bytes: change them only with the version."""
    gray = blank(20, 30)
    gray[4:12, 5:25] = np.arange(0, 160, 8, dtype=np.uint8)
    assert PREPROCESSING_VERSION == 1
    assert prepare(gray, 8).tolist() == [
        [255] * 8,
        [255] * 8,
        [255] * 8,
        [255, *PINNED, 255],
        [255, *PINNED, 255],
        [255] * 8,
        [255] * 8,
        [255] * 8,
    ]


PINNED = [0, 25, 54, 81, 109, 134]


@pytest.mark.parametrize(
    ("gray", "size", "message"),
    [
        (blank(10, 10), 32, "no ink"),
        (np.full((10, 10), INK, np.uint8), 32, "no ink"),
        (np.zeros((0, 5), np.uint8), 32, "no ink"),
        (np.zeros((10, 10, 3), np.uint8), 32, r"\(H, W\)"),
        (np.zeros((10, 10)), 32, "float64"),
        (np.zeros((10, 10), np.uint8), 7, "size is 7"),
    ],
)
def test_bad_arguments(gray: np.ndarray, size: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        prepare(gray, size)


def test_the_input_is_not_changed() -> None:
    gray = draw_strokes(HOUSE)
    before = gray.copy()
    prepare(gray, 64)
    np.testing.assert_array_equal(gray, before)


def test_it_is_fast() -> None:
    gray = draw_strokes(HOUSE, size=224)
    times = []
    for _ in range(30):
        start = time.perf_counter()
        prepare(gray, 160)
        times.append(time.perf_counter() - start)
    assert min(times) < 2e-3
