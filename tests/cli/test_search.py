"""The commands index and search: what they print, and how they end."""

from __future__ import annotations

import json
import math
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from search_library import box, library, projection

from sketchshape.cli import main as cli
from sketchshape.encoders import Bundle
from sketchshape.encoders.confidence import Confidence
from sketchshape.encoders.vocabulary import Vocabulary
from sketchshape.search import Searcher

STROKES = [[[0, 100, 100, 0, 0], [0, 0, 60, 60, 0]]]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Encoders without training."""
    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(Bundle, "open", classmethod(lambda cls, path=None: projection()))
    monkeypatch.setattr(cli, "COMMANDS", ("index", "search"))


@pytest.fixture
def index(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    folder = str(tmp_path / "index")
    assert cli.main(["index", str(library(tmp_path / "library")), "--out", folder]) == 0
    capsys.readouterr()
    return folder


@pytest.fixture
def drawing(tmp_path: Path) -> str:
    path = tmp_path / "drawing.json"
    path.write_text(json.dumps(STROKES))
    return str(path)


def answer(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> dict[str, Any]:
    assert cli.main([*words, "--json"]) == code
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    return value


def failure(capsys: pytest.CaptureFixture[str], *words: str, code: int) -> str:
    assert cli.main(list(words)) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    return captured.err


def test_index_says_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = library(tmp_path / "library")
    (folder / "bad.off").write_text("nothing")
    assert cli.main(["index", str(folder), "--out", str(tmp_path / "index")]) == 0
    captured = capsys.readouterr()
    assert "6 shapes (6 added, 0 changed, 0 moved, 0 removed, 0 unchanged, 1 failed)" in captured.out
    assert f"failed {folder / 'bad.off'}: " in captured.err
    assert "shapes/s" in captured.err
    again = answer(capsys, "index", str(folder), "--out", str(tmp_path / "index"))
    assert again["unchanged"] == 6
    assert [Path(one["path"]).name for one in again["failed"]] == ["bad.off"]


def test_search_prints_scores_and_names(index: str, drawing: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["search", index, drawing, "-k", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["score", "id", "faces", "shape"]
    found = answer(capsys, "search", index, drawing, "-k", "2")
    assert found["shapes"] == 6
    for line, result in zip(lines[1:], found["results"], strict=True):
        assert line.split()[:4] == [f"{result['score']:.3f}", str(result["id"]), "12", result["path"]]


def test_a_drawing_of_nothing_that_is_there_is_said_to_be_so(
    index: str, drawing: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert answer(capsys, "search", index, drawing)["confidence"] is None
    best = answer(capsys, "search", index, drawing, "-k", "1")["results"][0]["score"]
    for above, told in ((-0.1, False), (0.1, True)):
        knowing = replace(projection(), confidence=Confidence(12.0, best + above))
        monkeypatch.setattr(Bundle, "open", classmethod(lambda cls, path=None, one=knowing: one))
        expected = 1 / (1 + math.exp(12.0 * above))
        found = answer(capsys, "search", index, drawing, "--words", "oak")
        assert found["confidence"] == pytest.approx(expected, abs=1e-4)
        assert cli.main(["search", index, drawing, "-k", "2"]) == 0
        lines = capsys.readouterr().out.splitlines()
        said = f"nothing here looks much like this drawing (confidence {expected:.2f}); the nearest are shown"
        assert lines[3:] == ([said] if told else [])
        assert cli.main(["search", index, "--class", "box"]) == 0
        assert "nothing here" not in capsys.readouterr().out


def test_words_are_told_with_what_the_drawing_is_taken_for(
    index: str, drawing: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = projection()
    words = Vocabulary(("box", "dog"), np.stack([plain.center("box"), -plain.center("box")]), 50.0)
    knowing = replace(plain, words=words)
    monkeypatch.setattr(Bundle, "open", classmethod(lambda cls, path=None: knowing))
    found = answer(capsys, "search", index, drawing, "-k", "1", "--words", "boxes xyzzy")
    shares = words.of_sketch(Searcher.open(index).embed(drawing), knowing.likeness)
    expected = sorted(zip(shares.tolist(), words.names, strict=True), reverse=True)
    assert [one["word"] for one in found["taken_for"]] == [name for share, name in expected if share > 0.03]
    assert found["taken_for"][0]["probability"] == pytest.approx(expected[0][0], abs=1e-6)
    assert found["unknown"] == [{"word": "xyzzy", "near": []}]
    assert cli.main(["search", index, drawing, "-k", "1", "--words", "dgo"]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[0].startswith(f"taken for {expected[0][1]} {expected[0][0]:.2f}")
    assert said.err == "no name has 'dgo', and it is no word that the network knows\n"
    assert answer(capsys, "search", index, "--words", "box")["taken_for"] == []


def test_search_by_shape_class_and_words(index: str, capsys: pytest.CaptureFixture[str]) -> None:
    by_id = answer(capsys, "search", index, "--like", "1")
    path = str(Path(index).parent / "library/a.off")
    by_path = answer(capsys, "search", index, "--like", path)
    assert len(by_id["results"]) == len(by_path["results"]) == 5
    assert path not in {one["path"] for one in by_path["results"]}
    assert len(answer(capsys, "search", index, "--class", "box")["results"]) == 6
    words = answer(capsys, "search", index, "--words", "stool")
    assert [Path(one["path"]).stem for one in words["results"]] == ["stool_2"]
    filtered = answer(capsys, "search", index, "--class", "box", "--folder", "old", "--faces", "1-12")
    assert [Path(one["path"]).stem for one in filtered["results"]] == ["oak"]
    assert answer(capsys, "search", index, "--class", "box", "--format", "glb", code=1)["results"] == []


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (
            ("--class", "box", "--folder", "chair"),
            "no shape passes --folder; the 6 of the index are .off of 12 to 12 faces",
        ),
        (
            ("--like", "1", "--format", "glb", "--faces", "13-"),
            "no shape passes --format with --faces; the 6",
        ),
        (
            ("--words", "stol"),
            "no name has 'stol', and it is no word that the network knows; did you mean 'stool'?",
        ),
        (("--words", "stool", "--folder", "tables"), "no shape passes --folder"),
    ],
)
def test_nothing_found_is_explained(
    index: str, words: tuple[str, ...], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reason in failure(capsys, "search", index, *words, code=1)


def test_the_only_shape_has_no_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    box(tmp_path / "one/a.off", (1, 2, 3))
    assert cli.main(["index", str(tmp_path / "one"), "--out", str(tmp_path / "index")]) == 0
    capsys.readouterr()
    said = failure(capsys, "search", str(tmp_path / "index"), "--like", "1", code=1)
    assert "no other shape in the index" in said
    (tmp_path / "one/a.off").write_text("junk")
    assert cli.main(["index", str(tmp_path / "one"), "--out", str(tmp_path / "index")]) == 1
    capsys.readouterr()
    said = failure(capsys, "search", str(tmp_path / "index"), "--class", "box", code=1)
    assert "the index is empty; put shapes in it" in said


def test_the_first_result_is_opened(
    index: str, drawing: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(subprocess, "Popen", lambda words, **_: started.append(words))
    found = answer(capsys, "search", index, drawing, "--open")
    assert started == [["xdg-open", found["results"][0]["path"]]]


def test_errors_are_one_line(
    index: str, drawing: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "nothing to search for" in failure(capsys, "search", index, code=2)
    assert "not several" in failure(capsys, "search", index, drawing, "--like", "1", code=2)
    assert "neither an id nor a file" in failure(capsys, "search", index, "--like", "chair", code=2)
    assert "no shape 77" in failure(capsys, "search", index, "--like", "77", code=2)
    assert "known are: box, long table" in failure(capsys, "search", index, "--class", "qq", code=2)
    assert "no index in it" in failure(capsys, "search", str(tmp_path), drawing, code=2)
    assert "no such folder" in failure(capsys, "index", str(tmp_path / "no"), "--out", index, code=2)
    (tmp_path / "blank.json").write_text("[]")
    assert "no ink" in failure(capsys, "search", index, str(tmp_path / "blank.json"), code=1)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("--faces=5", "such as 100-5000"),
        ("--faces=a-b", "such as 100-5000"),
        ("--faces=-", "such as 100-5000"),
        ("--faces=3-x", "such as 100-5000"),
        ("--faces=500-10", "leaves nothing"),
        ("-k=0", "'0' is not a whole number of at least 1"),
        ("-k=many", "'many' is not a whole number of at least 1"),
    ],
)
def test_a_wrong_number_is_refused(
    index: str, word: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["search", index, "--class", "box", word.replace("-k=", "-k")])
    assert stop.value.code == 2
    assert said in capsys.readouterr().err
