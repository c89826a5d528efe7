"""Training sketches that are pictures become drawings: which lines, of which words, and no test sketches."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sketchshape.datasets.drawings import read_drawings
from sketchshape.images import draw_strokes

pytest.importorskip("skimage", reason="pip install scikit-image")
pytest.importorskip("scipy", reason="pip install scipy")
ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts/data"
sys.path.insert(0, str(SCRIPTS))

from picture_strokes import BORDER, SIDE, enlarged, ink_strokes  # noqa: E402
from sketch_drawings import word_of  # noqa: E402

HOUSE = [
    [[0, 0, 60, 60, 0], [30, 80, 80, 30, 30]],
    [[0, 30, 60], [30, 0, 30]],
    [[25, 25, 40, 40], [80, 55, 55, 80]],
]


@pytest.mark.parametrize(("size", "width"), [(128, 1.5), (227, 1.0), (256, 3.2), (256, 6.0)])
def test_a_picture_of_lines_becomes_these_lines(size: int, width: float) -> None:
    """The lines that are followed lie on those that were drawn, and nothing of those is missing."""
    drawn = draw_strokes(HOUSE, size, width)
    strokes = ink_strokes(enlarged(drawn))
    assert strokes is not None
    thin = [draw_strokes(lines, 256, 1.5) < 128 for lines in (HOUSE, strokes)]
    wide = [draw_strokes(lines, 256, 14.0) < 128 for lines in (HOUSE, strokes)]
    assert (thin[1] & ~wide[0]).sum() <= 0.01 * thin[1].sum()
    assert (thin[0] & ~wide[1]).sum() <= 0.01 * thin[0].sum()


def test_a_small_drawing_is_made_as_large_as_fits() -> None:
    levels = np.full((100, 100), 255, np.uint8)
    levels[40:50, 20:40] = 0
    ink = enlarged(levels)
    rows, columns = np.nonzero(ink)
    assert ink.shape == (SIDE // 2 + 2 * BORDER, SIDE + 2 * BORDER)
    assert (rows.min(), columns.min(), columns.max()) == (BORDER, BORDER, BORDER + SIDE - 1)
    assert ink.sum() == SIDE * SIDE // 2


def test_an_empty_page_has_no_lines() -> None:
    assert ink_strokes(enlarged(np.full((50, 80), 255, np.uint8))) is None


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("car_sedan", "car"),
        ("hot_air_balloon", "hot air balloon"),
        ("wine-bottle", "wine bottle"),
        ("ant", "ant"),
    ],
)
def test_each_class_is_a_word_of_the_game(name: str, word: str) -> None:
    assert word_of(name) == word


def psb76(root: Path) -> Path:
    """Write two classes: training sketches, one of them blank, and test sketches that cannot be read."""
    sketches = {
        "car_sedan": {"train": ["1", "2", "3"], "test": ["7"]},
        "ant": {"train": ["4"], "test": ["8"]},
    }
    sources = {
        "1": "sketchy:a",
        "2": "quickdraw:5",
        "3": "sketchy:b",
        "4": "tuberlin:c",
        "7": "sketchy:d",
        "8": "tuberlin:e",
    }
    (root / "models").mkdir(parents=True)
    (root / "models/m1.off").touch()
    (root / "Model.cla").write_text("PSB 1\n2 1\n\nant 0 1\n1\n\ncar_sedan 0 0\n")
    rows = ["sketch,class,part,source"]
    for part, name in (("train", "Sketch_Train.cla"), ("test", "Sketch_Test.cla")):
        lines = [f"PSB 1\n2 {sum(len(own[part]) for own in sketches.values())}"]
        for word, own in sketches.items():
            lines += ["", f"{word} 0 {len(own[part])}", *own[part]]
            folder = root / "sketches" / word / part
            folder.mkdir(parents=True)
            for key in own[part]:
                rows.append(f"{key},{word},{part},{sources[key]}")
                path = folder / f"{key}.png"
                picture = np.full((64, 64), 255, np.uint8) if key == "3" else draw_strokes(HOUSE, 128)
                path.write_bytes(b"") if part == "test" else Image.fromarray(picture).save(path)
        (root / name).write_text("\n".join(lines) + "\n")
    (root / "sources.csv").write_text("\n".join(rows) + "\n")
    return root


def run(data: Path, drawings: Path, out: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPTS / "sketch_drawings.py"), "--psb76", str(data)]
    command += ["--drawings", str(drawings), "--out", str(out)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_training_sketches_are_written_beside_the_drawings(tmp_path: Path) -> None:
    data, drawings, out = psb76(tmp_path / "data"), tmp_path / "drawings", tmp_path / "out"
    drawings.mkdir()
    own = json.dumps({"word": "car", "key_id": "5", "recognized": True, "drawing": [[[0, 9], [0, 9]]]})
    for word in ("ant", "car", "star"):
        (drawings / f"{word}.ndjson").write_text(own + "\n")
    done = run(data, drawings, out)
    assert done.returncode == 0, done.stderr
    assert "2 sketches of 2 words" in done.stdout
    assert "3.png: no lines, left out" in done.stderr
    found = {
        path.stem: [json.loads(line) for line in path.read_text().splitlines()] for path in out.iterdir()
    }
    keys = {word: [line["key_id"] for line in lines] for word, lines in found.items()}
    assert keys == {"ant": ["5", "psb76:4"], "car": ["5", "psb76:1"], "star": ["5"]}
    assert draw_strokes(found["ant"][1]["drawing"], 64).min() == 0


def test_a_class_without_a_file_and_a_folder_without_any_are_named(tmp_path: Path) -> None:
    data, drawings = psb76(tmp_path / "data"), tmp_path / "drawings"
    drawings.mkdir()
    none = run(data, drawings, tmp_path / "out")
    (drawings / "ant.ndjson").write_text("\n")
    one = run(data, drawings, tmp_path / "out")
    assert none.returncode != 0
    assert f"{drawings} has no .ndjson files" in none.stderr
    assert one.returncode != 0
    assert "has no car.ndjson" in one.stderr
    assert not (tmp_path / "out").exists()


def test_sketches_of_tu_berlin_are_known_by_their_numbers(tmp_path: Path) -> None:
    """Every class is a file, its sketches in order; a blank one is named, a file without a number is none."""
    root, out = tmp_path / "png", tmp_path / "out"
    for name, numbers in {"ant": ["10", "9"], "hot air balloon": ["81", "notes"], "blank": ["161"]}.items():
        (root / name).mkdir(parents=True)
        for number in numbers:
            picture = np.full((64, 64), 255, np.uint8) if name == "blank" else draw_strokes(HOUSE, 128)
            Image.fromarray(picture).save(root / name / f"{number}.png")
    done = run_tuberlin(root, out)
    assert done.returncode == 0, done.stderr
    assert "3 sketches of 2 classes" in done.stdout
    assert "161.png: no lines" in done.stderr
    words = read_drawings(out)
    assert words.names == ("ant", "hot air balloon")
    assert words.keys == ("tuberlin:9", "tuberlin:10", "tuberlin:81")
    assert read_drawings(out, frozenset({"tuberlin:9"})).keys == ("tuberlin:10", "tuberlin:81")


def test_with_a_list_its_sketches_alone_are_drawn(tmp_path: Path) -> None:
    root, lists = (
        tmp_path / "png",
        {"whole": "PSB 1\n1 1\n\nant 0 1\n9\n", "more": "PSB 1\n1 1\n\nant 0 1\n7\n"},
    )
    (root / "ant").mkdir(parents=True)
    for number in ("9", "10"):
        Image.fromarray(draw_strokes(HOUSE, 128)).save(root / f"ant/{number}.png")
    for name, text in lists.items():
        (tmp_path / f"{name}.cla").write_text(text)
    done = run_tuberlin(root, tmp_path / "out", "--list", str(tmp_path / "whole.cla"))
    assert done.returncode == 0, done.stderr
    assert read_drawings(tmp_path / "out").keys == ("tuberlin:9",)
    for name, said in (("more", "1 sketches of"), ("none", "none.cla")):
        done = run_tuberlin(root, tmp_path / name, "--list", str(tmp_path / f"{name}.cla"))
        assert done.returncode != 0
        assert said in done.stderr
        assert "Traceback" not in done.stderr
        assert not (tmp_path / name).exists()


def test_a_folder_without_sketches_is_named(tmp_path: Path) -> None:
    done = run_tuberlin(tmp_path, tmp_path / "out")
    assert done.returncode != 0
    assert f"{tmp_path} has no sketches, expected <class>/<number>.png" in done.stderr


def run_tuberlin(root: Path, out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPTS / "tuberlin_drawings.py"), "--tuberlin", str(root)]
    command += ["--out", str(out), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)
