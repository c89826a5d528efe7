"""Strokes: drawn as exactly as pixels allow, read with every fault named."""

import json
import math
import os
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sketchshape.errors import SketchError
from sketchshape.images import draw_strokes, read_strokes
from sketchshape.images.strokes import MARGIN, MAX_POINTS

finite = st.floats(-1e4, 1e4) | st.integers(-500, 500)
stroke = st.integers(1, 8).flatmap(
    lambda n: st.tuples(st.lists(finite, min_size=n, max_size=n), st.lists(finite, min_size=n, max_size=n))
)


def slow(strokes: list[Any], size: int, width: float) -> np.ndarray:
    """Literal: every pixel against every segment, after the same fit."""
    points = [(x, y) for xs, ys, *_ in strokes for x, y in zip(xs, ys, strict=True)]
    low = [min(p[axis] for p in points) for axis in (0, 1)]
    high = [max(p[axis] for p in points) for axis in (0, 1)]
    extent = max(high[0] - low[0], high[1] - low[1])
    scale = size * (1 - 2 * MARGIN) / extent if extent > 1e-9 else 1.0

    def place(x: float, y: float) -> tuple[float, float]:
        return tuple((v - (a + b) / 2) * scale + size / 2 for v, a, b in zip((x, y), low, high, strict=True))

    segments = []
    for xs, ys, *_ in strokes:
        line = [place(x, y) for x, y in zip(xs, ys, strict=True)]
        segments += pairwise(line) if len(line) > 1 else [(line[0], line[0])]
    picture = np.zeros((size, size), np.uint8)
    for row in range(size):
        for column in range(size):
            x, y = column + 0.5, row + 0.5
            nearest = math.inf
            for (ax, ay), (bx, by) in segments:
                length = (bx - ax) ** 2 + (by - ay) ** 2
                t = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length if length else 0.0
                t = min(1.0, max(0.0, t))
                nearest = min(nearest, math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay)))
            cover = min(1.0, max(0.0, width / 2 + 0.5 - nearest)) * min(1.0, width)
            picture[row, column] = round(255 * (1 - cover))
    return picture


@given(st.lists(stroke, min_size=1, max_size=4), st.sampled_from([16, 24, 33]), st.floats(0.5, 6))
@settings(max_examples=40, deadline=None)
def test_equals_the_slow_way(strokes: list[Any], size: int, width: float) -> None:
    got = draw_strokes(strokes, size, width).astype(int)
    assert np.abs(got - slow(strokes, size, width)).max() <= 1


def test_a_line_covers_its_area_and_has_round_caps() -> None:
    gray = draw_strokes([[[0, 100], [0, 0]]], size=256, width=6)
    length = 256 * (1 - 2 * MARGIN)
    area = (255.0 - gray).sum() / 255
    assert area == pytest.approx(length * 6 + math.pi * 9, rel=0.01)
    np.testing.assert_array_equal(gray, gray[::-1])
    np.testing.assert_array_equal(gray, gray[:, ::-1])
    columns = np.flatnonzero((gray < 255).any(0))
    assert (columns[0], columns[-1]) == (256 * MARGIN - 3, 255 - 256 * MARGIN + 3)


def test_a_dot_is_a_disc_in_the_middle() -> None:
    gray = draw_strokes([[[7], [9]]], size=64, width=10)
    assert (255.0 - gray).sum() / 255 == pytest.approx(math.pi * 25, rel=0.02)
    np.testing.assert_array_equal(gray, gray.T)
    assert gray[32, 32] == 0
    np.testing.assert_array_equal(draw_strokes([[[7, 7], [9, 9]]], size=64, width=10), gray)


@given(st.lists(stroke, min_size=1, max_size=3), st.integers(-200, 200), st.sampled_from([0.5, 2.0, 64.0]))
@settings(max_examples=30, deadline=None)
def test_place_and_unit_do_not_matter(strokes: list[Any], shift: int, scale: float) -> None:
    whole = [[[round(x) for x in axis] for axis in line] for line in strokes]
    moved = [[[(x + shift) * scale for x in axis] for axis in line] for line in whole]
    np.testing.assert_array_equal(draw_strokes(moved, 48), draw_strokes(whole, 48))


def test_times_and_empty_strokes_are_left_out() -> None:
    plain = [[[0, 50, 90], [10, 80, 0]]]
    timed = [[[0, 50, 90], [10, 80, 0], [0, 100, 250]], [[], []]]
    np.testing.assert_array_equal(draw_strokes(timed), draw_strokes(plain))


def test_order_and_direction_do_not_matter() -> None:
    strokes = [[[0, 50, 90], [10, 80, 0]], [[30, 60], [5, 5]]]
    turned = [[axis[::-1] for axis in line] for line in strokes[::-1]]
    assert np.abs(draw_strokes(turned).astype(int) - draw_strokes(strokes)).max() <= 1


@pytest.mark.parametrize(
    ("strokes", "message"),
    [
        (None, "NoneType"),
        ("abc", "str"),
        ({}, "dict"),
        ([], "no point"),
        ([[[], []]], "no point"),
        ([5], "stroke 1 is not"),
        ([[[1, 2], [3, 4]], [[1]]], "stroke 2 is not"),
        ([[[1, 2], [3]]], "stroke 1 is not"),
        ([[[[1]], [[1]]]], "stroke 1 is not"),
        ([[[1], [1], [1], [1]]], "stroke 1 is not"),
        ([{"x": 1}], "stroke 1 is not"),
        ([[["a"], ["b"]]], "not a number"),
        ([[[True], [False]]], "not a number"),
        ([[[None], [1]]], "not a number"),
        ([[[10**400], [1]]], "not a number|not finite"),
        ([[[math.nan], [1.0]]], "not finite"),
        ([[[1.0], [math.inf]]], "not finite"),
        ([[[0] * (MAX_POINTS + 1), [0] * (MAX_POINTS + 1)]], f"at most {MAX_POINTS}"),
    ],
)
def test_what_is_no_drawing(strokes: Any, message: str) -> None:
    with pytest.raises(SketchError, match=message):
        draw_strokes(strokes)


@pytest.mark.parametrize(("size", "width"), [(15, 3), (64, 0), (64, -1), (64, 65), (64, math.nan)])
def test_bad_sizes(size: int, width: float) -> None:
    with pytest.raises(ValueError, match="expected size"):
        draw_strokes([[[0], [0]]], size, width)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=12,
)


@given(json_values)
@settings(max_examples=60, deadline=None)
def test_any_value_gives_a_picture_or_a_sketch_error(value: Any) -> None:
    with suppress(SketchError):
        assert draw_strokes(value, 16).min() < 255


def write(path: Path, *lines: Any) -> Path:
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


def test_ndjson_lines(tmp_path: Path) -> None:
    drawings = [[[[n, n + 1], [2, 3]], [[n], [n]]] for n in range(5)]
    path = write(tmp_path / "axe.ndjson", *({"word": "axe", "drawing": drawing} for drawing in drawings))
    assert [read_strokes(path, line) for line in range(1, 6)] == drawings
    assert read_strokes(path) == drawings[0]
    for line in (0, -1, 6):
        if line:
            with pytest.raises(SketchError, match=f"line {line}: has 5 lines"):
                read_strokes(path, line)


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = write(tmp_path / "axe.ndjson", {"drawing": [[[1], [1]]]})
    assert read_strokes(path, 1) == [[[1], [1]]]
    write(path, {"drawing": [[[1234], [5678]]]}, {"drawing": [[[2], [2]]]})
    os.utime(path, ns=(1, 1))
    assert read_strokes(path, 1) == [[[1234], [5678]]]
    assert read_strokes(path, 2) == [[[2], [2]]]


def test_json_files(tmp_path: Path) -> None:
    drawing = [[[1.5, 2], [3, 4], [0, 9]]]
    for value in (drawing, {"drawing": drawing, "key_id": "7"}):
        assert read_strokes(write(tmp_path / "one.json", value)) == [[[1.5, 2], [3, 4]]]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "is not JSON"),
        ("", "is not JSON"),
        ("{}", "an object with nothing in it, expected strokes"),
        ('{"drawing": 5}', "int"),
        ('{"drawing": [[[NaN], [1]]]}', "not finite"),
        ('{"drawing": []}', "no ink"),
        ("[" * 100_000, "is not JSON"),
        ("\x00\xff", "is not JSON"),
    ],
)
def test_bad_lines_are_named(tmp_path: Path, line: str, message: str) -> None:
    path = write(tmp_path / "axe.ndjson", {"drawing": [[[1], [1]]]}, line)
    with pytest.raises(SketchError, match=rf"axe.ndjson, line 2: .*{message}") as caught:
        read_strokes(path, 2)
    assert (caught.value.path, caught.value.line) == (path, 2)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    for name in ("gone.ndjson", "gone.json"):
        with pytest.raises(SketchError, match="No such file"):
            read_strokes(tmp_path / name)
