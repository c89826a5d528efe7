"""Taps of a palm do not shrink a drawing; dots that belong to it stay; a dot alone is no drawing."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sketchshape.datasets import sample_root
from sketchshape.errors import SketchError
from sketchshape.images import without_taps

FACE = [
    [[0, 100, 100, 0, 0], [0, 0, 120, 120, 0]],
    [[30], [40]],
    [[70], [40]],
    [[30, 70], [90, 90]],
]


@given(
    side=st.sampled_from([(-1, 0), (1, 0), (0, 1), (0, -1), (1, 1), (-1, 1)]),
    away=st.floats(25, 400),
    wide=st.floats(0, 5),
    scale=st.sampled_from([1e-3, 1.0, 8.0]),
)
@settings(max_examples=60, deadline=None)
def test_a_tap_beside_the_drawing_is_left_out(
    side: tuple[int, int], away: float, wide: float, scale: float
) -> None:
    x, y = 50 + side[0] * (50 + away), 60 + side[1] * (60 + away)
    tap = [[x, x + wide * side[0]], [y, y + wide * side[1]]]
    drawing = [[[v * scale for v in axis] for axis in stroke] for stroke in FACE]
    touched = [*drawing, [[v * scale for v in axis] for axis in tap]]
    np.testing.assert_equal(without_taps(touched), drawing)


@pytest.mark.parametrize("place", [(50, 60), (0, 0), (110, 60), (50, -15)])
def test_dots_in_and_near_the_drawing_stay(place: tuple[float, float]) -> None:
    drawing = [*FACE, [[place[0]], [place[1]]]]
    assert without_taps(drawing) == drawing


def test_many_dots_are_rain() -> None:
    drawing = [*FACE, *([[10 * n], [200]] for n in range(8))]
    assert without_taps(drawing) == drawing


@pytest.mark.parametrize("dots", [[[[5], [5]]], [[[5, 5], [5, 5]]], [[], []], [[[], []]], []])
def test_a_dot_is_no_drawing_yet(dots: list[Any]) -> None:
    with pytest.raises(SketchError, match="nothing is drawn yet; draw a few lines and try again"):
        without_taps(dots)


def test_hardly_a_drawing_of_the_sample_is_changed() -> None:
    counts = {"whole": 0, "changed": 0}
    for path in sorted(sample_root().glob("sketches/*/*.ndjson")):
        for line in path.read_text().splitlines():
            strokes = [stroke[:2] for stroke in json.loads(line)["drawing"]]
            counts["whole" if without_taps(strokes) == strokes else "changed"] += 1
    assert counts == {"whole": 571, "changed": 2}  # both have a mark far away from the thing
