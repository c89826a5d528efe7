"""Ways up on the command line: chosen for a run, chosen for a shape, and refused where they are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from search_library import library, projection

from sketchshape.cli.main import main
from sketchshape.encoders import Bundle


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Encoders without training."""
    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(Bundle, "open", classmethod(lambda cls, path=None: projection()))


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main([*words, "--json"]) == 0
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    return value


def stands(capsys: pytest.CaptureFixture[str], index: str) -> dict[str, list[str]]:
    found = answer(capsys, "search", index, "--class", "box")["results"]
    assert all(one["up"] in one["ups"] for one in found)
    return {Path(one["path"]).stem: one["ups"] for one in found}


def test_a_shape_is_turned_and_stays_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, index = library(tmp_path / "library"), str(tmp_path / "index")
    assert answer(capsys, "index", str(folder), "--out", index, "--up", "-z")["unsure"] == 0
    assert set(map(tuple, stands(capsys, index).values())) == {("-z",)}
    low = str(folder / "tables/low.off")
    assert answer(capsys, "turn", index, low, "--up", "-x")["ups"] == ["-x"]
    assert main(["index", str(folder), "--out", index]) == 0
    assert "6 unchanged" in capsys.readouterr().out
    assert stands(capsys, index)["low"] == ["-x"]
    assert main(["turn", index, low, "--up", "y", "--folder"]) == 0
    assert capsys.readouterr().out == f"2 shapes chosen to stand with y up; {low}: y up\n"
    assert {name for name, ups in stands(capsys, index).items() if ups == ["y"]} == {"low", "oak"}


def test_who_may_stand_otherwise_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, index = library(tmp_path / "library"), str(tmp_path / "index")
    assert main(["index", str(folder), "--out", index]) == 0
    said = capsys.readouterr().out
    unsure = sum(len(ups) > 1 for ups in stands(capsys, index).values())
    assert unsure > 0  # a box may stand on any side
    assert f"{unsure} of 6 may stand otherwise" in said


@pytest.mark.parametrize(
    "words", [("index", "FOLDER", "--out", "INDEX"), ("render", "FOLDER"), ("turn", "INDEX", "1")]
)
def test_what_is_no_way_up_is_refused_with_the_choices(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main([*(str(tmp_path / word) if word.isupper() else word for word in words), "--up", "w"])
    assert stop.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    for choice in ("'w'", "auto", "'y'", "'z'", "'-x'"):
        assert choice.strip("'") in said
