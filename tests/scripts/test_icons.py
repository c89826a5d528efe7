"""Icons become drawings: middles of lines, outlines of areas, edges of colours; and which icons of what."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("resvg_py", reason="pip install resvg_py")
pytest.importorskip("skimage", reason="pip install scikit-image")
SCRIPTS = Path(__file__).parents[2] / "scripts/data"
sys.path.insert(0, str(SCRIPTS))

from icon_drawings import MOST, choose, find, read_names, shows_things, word_of  # noqa: E402
from icon_strokes import BORDER, SIDE, Strokes, icon_strokes  # noqa: E402

UNIT = SIDE / 24  # pixels of a unit of the icons here
WORDS = ["airplane", "car", "couch", "ice cream", "pickup truck", "star", "truck", "wine bottle"]


def svg(body: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="24" height="24">{body}</svg>'


def dense(strokes: Strokes) -> np.ndarray:
    """Points along all strokes, a pixel apart, in units of the icon."""
    parts = []
    for xs, ys in strokes:
        points = np.stack([xs, ys], 1)
        for start, end in pairwise(points):
            steps = np.linspace(0, 1, 2 + int(np.linalg.norm(end - start)))
            parts.append(start + steps[:, None] * (end - start))
    return (np.concatenate(parts) + 0.5 - BORDER) / UNIT


def from_square(points: np.ndarray, half: float) -> np.ndarray:
    """Distance of points to the sides of a square around the middle of the icon."""
    away = np.abs(points - 12)
    return np.abs(away.max(1) - half)


@pytest.mark.parametrize("colour", ["#000", "#3a7", "#ddd"])
@pytest.mark.parametrize("width", [0.5, 1.0, 2.0])
def test_a_line_becomes_its_middle(colour: str, width: float) -> None:
    body = f'<circle cx="12" cy="12" r="8" fill="none" stroke="{colour}" stroke-width="{width}"/>'
    strokes = icon_strokes(svg(body))
    assert strokes is not None
    radii = np.linalg.norm(dense(strokes) - 12, axis=1)
    assert np.abs(radii - 8).max() < 0.3


def test_a_line_with_corners_is_closed_around_them() -> None:
    strokes = icon_strokes(svg('<path d="M4 4h16v16H4z" fill="none" stroke="#000" stroke-width="1.5"/>'))
    assert strokes is not None
    points = dense(strokes)
    away = from_square(points, 8)
    assert np.quantile(away, 0.8) < 0.2
    assert away.max() < 1.2  # half of the width, in a corner
    angles = np.sort(np.arctan2(*(points - 12).T))
    assert np.diff(angles).max() < 0.2


@pytest.mark.parametrize("side", [10, 16, 20])
def test_an_area_becomes_its_outline(side: int) -> None:
    start = 12 - side / 2
    strokes = icon_strokes(svg(f'<rect x="{start}" y="{start}" width="{side}" height="{side}"/>'))
    assert strokes is not None
    assert from_square(dense(strokes), side / 2).max() < 0.6


def test_a_disc_becomes_one_closed_circle() -> None:
    strokes = icon_strokes(svg('<circle cx="12" cy="12" r="9"/>'))
    assert strokes is not None
    assert len(strokes) == 1
    xs, ys = strokes[0]
    assert (xs[0], ys[0]) == (xs[-1], ys[-1])
    radii = np.linalg.norm(dense(strokes) - 12, axis=1)
    assert radii.min() > 8.6
    assert radii.max() < 9.2


def test_two_colours_have_an_edge_between_them() -> None:
    body = '<path d="M4 4h8v16H4z" fill="#e33"/><path d="M12 4h8v16h-8z" fill="#36e"/>'
    strokes = icon_strokes(svg(body))
    assert strokes is not None
    points = dense(strokes)
    inside = points[(from_square(points, 8) > 1)]
    assert len(inside) > 90
    assert np.abs(inside[:, 0] - 12).max() < 0.4
    assert np.ptp(inside[:, 1]) > 12


def test_a_black_line_in_a_coloured_picture_is_drawn_once() -> None:
    body = '<path d="M4 4h16v16H4z" fill="#fc3" stroke="#000" stroke-width="1"/>'
    strokes = icon_strokes(svg(body))
    assert strokes is not None
    assert from_square(dense(strokes), 8).max() < 0.4


@pytest.mark.parametrize("document", ["", "<svg", svg(""), svg('<path d="M4 4h1" stroke="#fff"/>')])
def test_nothing_is_drawn_of_what_shows_nothing(document: str) -> None:
    assert icon_strokes(document) is None


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("airplane", "airplane"),
        ("airplanes", "airplane"),
        ("plane", "airplane"),
        ("airplane-24-filled", "airplane"),
        ("sofa-01-bold-duotone", "couch"),
        ("truck-delivery", None),
        ("delivery-truck", "truck"),
        ("red-pickup-truck", "pickup truck"),
        ("car-pickup", "pickup truck"),
        ("bottle-wine-outline", "wine bottle"),
        ("ice-cream-2", "ice cream"),
        ("calendar-star", None),
        ("red-star", None),
        ("scar", None),
        ("24", None),
    ],
)
def test_what_an_icon_shows(name: str, word: str | None) -> None:
    assert word_of(name, read_names(WORDS)) == word


def test_sets_of_trade_marks_and_flags_are_left_out() -> None:
    names = read_names(WORDS)
    shown = [
        name
        for name in ("mdi", "simple-icons", "fa7-brands", "circle-flags", "lucide")
        if shows_things(name, names)
    ]
    assert shown == ["mdi", "lucide"]


def write_set(folder: Path, prefix: str, names: list[str]) -> Path:
    """Write a set whose icons all differ."""
    icons = {
        name: {"body": f'<circle cx="12" cy="12" r="{4 + 0.25 * number}" stroke="currentColor" fill="none"/>'}
        for number, name in enumerate(names)
    }
    path = folder / "json" / f"{prefix}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"prefix": prefix, "icons": icons, "width": 24, "height": 24}))
    return path


def test_crossed_out_and_hidden_icons_are_not_found(tmp_path: Path) -> None:
    path = write_set(tmp_path, "one", ["car", "car-off", "car-slash", "bold-star", "cars"])
    icons = json.loads(path.read_text())
    icons["icons"]["cars"]["hidden"] = True
    path.write_text(json.dumps(icons))
    assert find({"one": path}, read_names(WORDS)) == {"car": [("one", "car")]}


def test_each_set_has_its_turn_until_a_word_has_enough() -> None:
    found = {"car": [("large", str(n)) for n in range(500)] + [("small", str(n)) for n in range(10)]}
    chosen = choose(found)["car"]
    assert len(set(chosen)) == len(chosen) == MOST
    assert sum(prefix == "small" for prefix, _ in chosen) == 10
    assert choose(found) == {"car": chosen}


def test_the_drawings_are_written_beside_those_of_the_game(tmp_path: Path) -> None:
    write_set(tmp_path / "package", "one", ["car", "car-bold", "delivery-truck"])
    write_set(tmp_path / "package", "two", ["car"])  # the same picture as in the first set
    drawings = tmp_path / "drawings"
    drawings.mkdir()
    own = json.dumps({"word": "car", "key_id": "1", "recognized": True, "drawing": [[[0, 9], [0, 9]]]})
    for word in ("car", "star", "truck"):
        (drawings / f"{word}.ndjson").write_text(own + "\n")
    texts = []
    for out in (tmp_path / "first", tmp_path / "second"):
        command = [sys.executable, "icon_drawings.py", "--icons", str(tmp_path / "package")]
        command += ["--quickdraw", str(drawings), "--out", str(out)]
        done = subprocess.run(command, cwd=SCRIPTS, capture_output=True, text=True, check=True)
        assert "3 icons of 2 words" in done.stdout
        texts.append({path.name: path.read_text() for path in sorted(out.iterdir())})
    assert texts[0] == texts[1]
    lines = texts[0]["car.ndjson"].splitlines()
    assert lines[0] == own
    assert [json.loads(line)["key_id"] for line in lines[1:]] == ["one:car", "one:car-bold"]
    assert texts[0]["star.ndjson"].splitlines() == [own]


@pytest.mark.parametrize("missing", ["--icons", "--quickdraw"])
def test_a_folder_without_what_is_asked_for_is_named(tmp_path: Path, missing: str) -> None:
    write_set(tmp_path / "package", "one", ["car"])
    (tmp_path / "car.ndjson").write_text("")
    given = {"--icons": str(tmp_path / "package"), "--quickdraw": str(tmp_path), missing: str(SCRIPTS)}
    command = [sys.executable, "icon_drawings.py", "--out", str(tmp_path / "out")]
    command += [word for pair in given.items() for word in pair]
    done = subprocess.run(command, cwd=SCRIPTS, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert str(SCRIPTS) in done.stderr
