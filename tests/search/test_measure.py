"""Measuring an index with drawings whose classes are known, and the network that ships with two folders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from search_library import box, projection

from sketchshape.cli import main as cli
from sketchshape.encoders import Bundle
from sketchshape.errors import DatasetError, SketchshapeError
from sketchshape.images import draw_strokes, prepare
from sketchshape.index import build_index
from sketchshape.metrics import NAMES, evaluate
from sketchshape.search import Searcher
from sketchshape.search.measure import classes_of, measure_index

CLASSES = {
    "long table": (0.4, 3.0),
    "box": (1.0, 1.3),
    "rod": (0.1, 6.0),
}  # height, width
ABSENT = "moon"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make twelve boxes of three classes, and five drawings each of these and of a class without shapes."""
    root = tmp_path_factory.mktemp("measure")
    for name, (height, width) in CLASSES.items():
        for number in range(4):
            box(root / f"shapes/{name}/{number}/part.off", (width + 0.2 * number, height, 1 + 0.1 * number))
    random = np.random.default_rng(7)
    for name in (*CLASSES, ABSENT):
        height, width = CLASSES.get(name, (1, 1))
        lines = []
        for number in range(5):
            xs, ys = np.array([0, width, width, 0, 0]), np.array([0, 0, height, height, 0])
            moved = np.stack([xs, ys]) + random.normal(0, 0.05, (2, 5))
            drawing = {"key_id": str(number), "word": name, "drawing": [(100 * moved).round(1).tolist()]}
            lines.append(json.dumps(drawing))
        path = root / f"queries/{name}.ndjson"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(lines) + "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKETCHSHAPE_CACHE", str(root / "cache"))
        build_index(root / "shapes", root / "index", bundle=projection(), up="y", quiet=True)
    return root


def test_the_figures_are_those_of_the_cosines(world: Path) -> None:
    searcher = Searcher.open(world / "index", projection())
    measured = measure_index(searcher, world / "queries", quiet=True)
    queries, names = [], []
    for path in sorted((world / "queries").glob("*.ndjson")):
        for line in path.read_text().splitlines():
            queries.append(prepare(draw_strokes(json.loads(line)["drawing"]), searcher.bundle.sketch_size))
            names.append(path.stem)
    rows = searcher.bundle.embed_sketches(np.stack(queries))
    shapes = [entry.path.parent.parent.name for entry in searcher.catalogue.entries()]
    expected = evaluate(rows @ searcher._vectors[searcher._rows].T, names, shapes)
    figures = measured.to_json()
    assert [figures[name] for name in NAMES] == pytest.approx([expected.to_json()[name] for name in NAMES])
    assert 0.4 < figures["NN"] < 1  # boxes of near sides: neither nothing nor all of it
    assert (figures["queries"], figures["gallery"], figures["skipped"]) == (15, 12, 5)
    assert figures["classes_without_shapes"] == {ABSENT: 5}


def test_what_cannot_be_read_is_named_and_counted(world: Path, tmp_path: Path) -> None:
    (tmp_path / "box").mkdir()
    (tmp_path / "box/empty.png").write_bytes(b"no picture")
    (tmp_path / "box/good.json").write_text(json.dumps([[[0, 100, 100, 0, 0], [0, 0, 60, 60, 0]]]))
    searcher = Searcher.open(world / "index", projection())
    figures = measure_index(searcher, tmp_path, quiet=True).to_json()
    assert (figures["queries"], figures["skipped"]) == (1, 1)
    assert len(figures["unreadable"]) == 1
    assert figures["unreadable"][0].startswith("box/empty.png: ")
    (tmp_path / "box/good.json").unlink()
    with pytest.raises(SketchshapeError, match=r"no sketch of 1 could be read; the first: box/empty\.png"):
        measure_index(searcher, tmp_path, quiet=True)


def test_other_classes_are_told_apart_by_name(world: Path, tmp_path: Path) -> None:
    (tmp_path / "sun").mkdir()
    (tmp_path / "sun/one.json").write_text(json.dumps([[[0, 100], [0, 60]]]))
    with pytest.raises(DatasetError, match=r"queries are of .*sun.*, shapes of .*box"):
        measure_index(Searcher.open(world / "index", projection()), tmp_path, quiet=True)


def test_a_class_is_the_folder_in_which_paths_part() -> None:
    paths = [Path("/a/b/Chair/x.off"), Path("/a/b/Chair/old/y.off"), Path("/a/b/coffee_table/z.off")]
    assert classes_of(paths) == ["chair", "chair", "coffee table"]
    assert classes_of([Path("/a/b/x.off"), Path("/a/b/y.off")]) == ["b", "b"]
    with pytest.raises(SketchshapeError, match="no shapes"):
        classes_of([])


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Encoders without training."""
    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(Bundle, "open", classmethod(lambda cls, path=None: projection()))
    monkeypatch.setattr(cli, "COMMANDS", ("evaluate",))


def answer(capsys: pytest.CaptureFixture[str], *words: str | Path) -> dict[str, Any]:
    assert cli.main([*map(str, words), "--json"]) == 0
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    return value


@pytest.mark.usefixtures("quick")
def test_the_command_takes_an_index_or_two_folders(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    of_index = answer(capsys, "evaluate", world / "index", "--queries", world / "queries")
    folders = ("--queries", world / "queries", "--gallery", world / "shapes", "--up", "y")
    assert answer(capsys, "evaluate", *folders) == of_index
    assert of_index["gallery"] == 12


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "give RUN, or both --queries DIR and --gallery DIR"),
        (["--queries", "QUERIES"], "give RUN, or both"),
        (["INDEX"], "an index has no sketches of its own"),
        (["INDEX", "--queries", "QUERIES", "--gallery", "QUERIES"], "an index is its own gallery"),
        (["INDEX", "--queries", "QUERIES", "--up", "z"], "an index is its own gallery"),
        (["--queries", "absent", "--gallery", "QUERIES"], "absent: no such folder"),
        (["--queries", "QUERIES", "--gallery", "absent"], "absent: no such folder"),
    ],
)
def test_wrong_use_is_one_line(
    world: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    places = {"INDEX": str(world / "index"), "QUERIES": str(world / "queries")}
    assert cli.main(["evaluate", *(places.get(word, word) for word in words)]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
