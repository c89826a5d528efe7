"""Scenes of Excalidraw and drawings of tldraw: where each line lies, and what is left out."""

import base64
import json
import math
import struct
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sketchshape.errors import SketchError
from sketchshape.images import read_strokes
from sketchshape.images.stroke_files import parse_strokes


def points(value: Any, name: str = "drawing") -> list[np.ndarray]:
    return [np.array(stroke).T for stroke in parse_strokes(json.dumps(value).encode(), name)]


def scene(*elements: dict[str, Any]) -> dict[str, Any]:
    whole = [{"x": 0, "y": 0, "angle": 0, "isDeleted": False, "opacity": 100, **one} for one in elements]
    return {"type": "excalidraw", "version": 2, "elements": whole, "appState": {}, "files": {}}


def test_lines_of_excalidraw_lie_where_they_were_drawn() -> None:
    free = {"type": "freedraw", "x": 10, "y": 20, "points": [[0, 0], [5, 5], [9, -1]]}
    (got,) = points(
        scene(free, {**free, "isDeleted": True}, {**free, "opacity": 0}, {"type": "text", "text": "a"})
    )
    np.testing.assert_allclose(got, [[10, 20], [15, 25], [19, 19]])


@pytest.mark.parametrize(
    ("kind", "on_it"),
    [
        ("rectangle", [(0, 0), (1, 0), (1, 1), (0, 1)]),
        ("diamond", [(0.5, 0), (1, 0.5), (0.5, 1), (0, 0.5)]),
        ("ellipse", [(0.5, 0), (1, 0.5), (0.5, 1), (0, 0.5), (0.5 + 8**-0.5, 0.5 + 8**-0.5)]),
    ],
)
def test_figures_of_excalidraw_turn_about_their_middle(kind: str, on_it: list[tuple[float, float]]) -> None:
    angle = 0.6
    figure = {"type": kind, "x": 100, "y": 50, "width": 40, "height": 20, "angle": angle}
    (got,) = points(scene(figure))
    for across, down in on_it:
        x, y = (across - 0.5) * 40, (down - 0.5) * 20
        place = (
            120 + x * math.cos(angle) - y * math.sin(angle),
            60 + x * math.sin(angle) + y * math.cos(angle),
        )
        assert np.hypot(*(got - place).T).min() < 1e-9


def test_a_round_line_of_excalidraw_is_a_curve_through_its_points() -> None:
    corner = [[0, 0], [50, 0], [50, 50]]
    line = {"type": "line", "points": corner, "roundness": {"type": 2}}
    (got,) = points(scene(line))
    assert len(got) > 10
    assert all(np.hypot(*(got - point).T).min() < 1e-9 for point in corner)
    (sharp,) = points(scene({**line, "roundness": None}))
    np.testing.assert_array_equal(sharp, corner)


def test_a_scene_without_lines_says_what_it_has() -> None:
    with pytest.raises(SketchError, match="the Excalidraw scene has 2 text, expected freedraw, line, arrow"):
        points(scene({"type": "text"}, {"type": "text"}))
    with pytest.raises(SketchError, match="has no element"):
        points(scene())
    with pytest.raises(SketchError, match=r"is damaged \(KeyError\('points'\)\); save it again"):
        points(scene({"type": "freedraw"}))


def record(id: str, kind: str, props: dict[str, Any], parent: str = "page:a", **more: Any) -> dict[str, Any]:
    fields = {"id": f"shape:{id}", "typeName": "shape", "type": kind, "x": 0, "y": 0, "rotation": 0}
    return {**fields, "opacity": 1, "parentId": parent, "props": props, **more}


PAGES = [
    {"id": "page:b", "typeName": "page", "index": "a2"},
    {"id": "page:a", "typeName": "page", "index": "a1"},
]
FREE = [(0.0, 0.0), (5.0, 2.5), (8.0, 8.0)]
DRAW = {
    "segments": [{"type": "free", "points": [{"x": x, "y": y, "z": 0.5} for x, y in FREE]}],
    "isClosed": False,
}


def forms(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A file of tldraw, a snapshot of its store, and one with its document."""
    store = {one["id"]: one for one in records}
    return [
        {"tldrawFileFormatVersion": 1, "schema": {"schemaVersion": 2}, "records": records},
        {"store": store, "schema": {"schemaVersion": 1}},
        {"document": {"store": store, "schema": {}}, "session": {}},
    ]


def test_groups_of_tldraw_move_and_turn_what_is_in_them() -> None:
    group = record("g", "group", {}, x=100, y=10, rotation=math.pi / 2)
    inside = record("d", "draw", DRAW, parent="shape:g", x=3, y=4)
    elsewhere = record("e", "draw", DRAW, parent="page:b")
    for value in forms([*PAGES, group, inside, elsewhere]):
        (got,) = points(value)
        expected = [(100 - (y + 4), 10 + (x + 3)) for x, y in FREE]
        np.testing.assert_allclose(got, expected, atol=1e-9)


def steps(axes: int) -> str:
    """Points as newer files of tldraw have them: a first one, then what each adds."""
    rows = [(*point, 0.5)[:axes] for point in FREE]
    data = struct.pack(f"<{axes}f", *rows[0])
    for before, after in pairwise(rows):
        data += struct.pack(f"<{axes}e", *(b - a for a, b in zip(before, after, strict=True)))
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    "segment",
    [
        {"type": "free", "path": steps(3)},
        {"type": "free", "path": steps(2)},
        {
            "type": "free",
            "points": base64.b64encode(struct.pack("<9e", *[v for p in FREE for v in (*p, 0.5)])).decode(),
        },
    ],
)
def test_packed_points_of_tldraw(segment: dict[str, Any]) -> None:
    for value in forms([*PAGES, record("d", "draw", {"segments": [segment]})]):
        (got,) = points(value)
        np.testing.assert_allclose(got, FREE, atol=1e-2)


def test_figures_lines_and_arrows_of_tldraw() -> None:
    ends = {"b": {"id": "b", "index": "a2", "x": 9, "y": 9}, "a": {"id": "a", "index": "a1", "x": 0, "y": 1}}
    shapes = [
        record("1", "geo", {"geo": "rectangle", "w": 4, "h": 2, "growY": 1}, x=1),
        record("2", "geo", {"geo": "triangle", "w": 4, "h": 2}),
        record("3", "line", {"points": ends, "spline": "line"}),
        record("4", "arrow", {"start": {"x": 0, "y": 0}, "end": {"x": 10, "y": 0}, "bend": 3}),
        record("5", "text", {"text": "a"}),
        record("6", "draw", DRAW, opacity=0),
    ]
    box, triangle, line, arrow = points(forms([*PAGES, *shapes])[0])
    np.testing.assert_array_equal(box, [[1, 0], [5, 0], [5, 3], [1, 3], [1, 0]])
    np.testing.assert_array_equal(triangle, [[2, 0], [4, 2], [0, 2], [2, 0]])
    np.testing.assert_array_equal(line, [[0, 1], [9, 9]])
    assert np.abs(arrow[:, 1]).max() == 3
    for figure in (
        "star",
        "pentagon",
        "hexagon",
        "octagon",
        "trapezoid",
        "rhombus",
        "rhombus-2",
        "oval",
        "cloud",
    ):
        (got,) = points(forms([*PAGES, record("1", "geo", {"geo": figure, "w": 6, "h": 4})])[0])
        np.testing.assert_allclose([got.min(0), got.max(0)], [[0, 0], [6, 4]], atol=0.02)


def test_a_page_of_tldraw_without_lines_and_groups_without_end() -> None:
    with pytest.raises(SketchError, match="the tldraw page has 1 text, expected draw, line, arrow or geo"):
        points(forms([*PAGES, record("5", "text", {"text": "a"})])[0])
    loop = record("g", "group", {}, parent="shape:g")
    with pytest.raises(SketchError, match="groups in groups are more than 100 deep"):
        points(forms([*PAGES, loop, record("d", "draw", DRAW, parent="shape:g")])[0])


def test_files_of_the_first_tldraw(tmp_path: Path) -> None:
    draw = {"type": "draw", "point": [10, 20], "points": [[x, y, 0.5] for x, y in FREE], "rotation": 0}
    ghost = {**draw, "isGhost": True}
    ellipse = {"type": "ellipse", "point": [0, 0], "radius": [5, 3]}
    document = {
        "id": "doc",
        "pages": {"page": {"id": "page", "shapes": {"a": draw, "b": ghost, "c": ellipse}}},
    }
    path = tmp_path / "old.tldr"
    path.write_text(json.dumps({"name": "old", "document": document}))
    free, around = (np.array(stroke).T for stroke in read_strokes(path))
    np.testing.assert_allclose(free, np.add(FREE, (10, 20)))
    np.testing.assert_allclose([around.min(0), around.max(0)], [[0, 0], [10, 6]], atol=1e-9)
