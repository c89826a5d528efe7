"""Lists of strokes of every form become the same [[xs, ys], ...], and files say what they expected."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sketchshape.errors import SketchError
from sketchshape.images import draw_strokes, read_drawing_file, read_strokes
from sketchshape.images.files.lists import as_strokes
from sketchshape.images.stroke_files import parse_strokes

KITE = [[[0, 40, 80, 40, 0], [50, 0, 50, 120, 50]], [[40, 40], [0, 120]], [[0, 80], [50, 50]]]
POINTS = [[[x, y] for x, y in zip(*stroke, strict=True)] for stroke in KITE]
SEGMENTS = [[list(a), list(b)] for stroke in POINTS for a, b in pairwise(stroke)]


@pytest.mark.parametrize(
    "form",
    [
        POINTS,
        [[[x, y, 0.5] for x, y in stroke] for stroke in POINTS],
        [[{"x": x, "y": y, "t": 9} for x, y in stroke] for stroke in POINTS],
        [{"points": stroke, "width": 2} for stroke in POINTS],
        [{"points": [v for point in stroke for v in point]} for stroke in POINTS],
        [{"x": xs, "y": ys} for xs, ys in KITE],
        [[*stroke, list(range(len(stroke[0])))] for stroke in KITE],
    ],
)
def test_every_form_gives_the_same_strokes(form: list[Any]) -> None:
    assert as_strokes(form) == KITE
    for value in (form, {"strokes": form}, {"drawing": form}):
        assert parse_strokes(json.dumps(value).encode(), "drawing") == KITE


@pytest.mark.parametrize("form", [SEGMENTS, [[*a, *b] for a, b in SEGMENTS]])
def test_segments_are_told_by_where_they_meet(form: list[Any]) -> None:
    got = draw_strokes(as_strokes(form))
    np.testing.assert_array_equal(got, draw_strokes(KITE))


def test_one_stroke_alone() -> None:
    for form in (POINTS[0], KITE[0], [{"x": x, "y": y} for x, y in POINTS[0]]):
        assert as_strokes(form) == KITE[:1]


@given(st.lists(st.lists(st.integers(0, 255), min_size=2, max_size=2), min_size=4, max_size=4))
@settings(max_examples=50, deadline=None)
def test_what_says_that_it_is_a_drawing_of_quick_draw_is_read_so(rows: list[list[int]]) -> None:
    drawing = [rows[:2], rows[2:]]
    assert as_strokes(drawing, known=True) == drawing


def test_doubtful_strokes_follow_those_that_are_clear() -> None:
    assert as_strokes([[[0, 1], [2, 3]], [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]])[0] == [[0, 1], [2, 3]]
    assert as_strokes([[[0, 1], [2, 3]], [[0, 1], [2, 3], [4, 5], [6, 7]]])[0] == [[0, 2], [1, 3]]
    with pytest.raises(
        ValueError, match=r"stroke 1 is \[xs, ys\] and stroke 2 is points; expected strokes as"
    ):
        as_strokes([[[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]], [[0, 1], [2, 3], [4, 5], [6, 7]]])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"width": 3, "height": 4}, "is an object with 'width', 'height', expected strokes"),
        ({"drawing": "M 0 0"}, "its `drawing` is a str, expected strokes"),
        ("text", "is a str, expected strokes"),
        ([[1, 2, 3], [1, 2, 3, 4, 5]], "stroke 1 is not .xs, ys. with two lists of one length; expected"),
        ({"strokes": []}, "no ink"),
    ],
)
def test_what_is_no_drawing_is_told_what_is_expected(tmp_path: Path, value: Any, message: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(value))
    with pytest.raises(SketchError, match=message) as caught:
        read_strokes(path)
    assert "NoneType" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".ndjson", ".jsonl", ".json", ".txt"])
def test_lines_of_drawings_in_files_of_any_name(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"kite{suffix}"
    raw = [[*stroke, list(range(len(stroke[0])))] for stroke in KITE]
    path.write_text("".join(json.dumps({"word": "kite", "drawing": d}) + "\n" for d in (raw, KITE[:1])))
    np.testing.assert_array_equal(read_drawing_file(path), draw_strokes(KITE))
    if suffix in (".ndjson", ".jsonl"):
        assert read_strokes(path, 2) == KITE[:1]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_json_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "kite.json"
    path.write_bytes(json.dumps(KITE).encode(encoding))
    assert read_strokes(path) == KITE
