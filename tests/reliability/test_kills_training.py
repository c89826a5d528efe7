"""Training, pre-training and export are killed at random moments: the next run ends as an unbroken one."""

from __future__ import annotations

import os
from pathlib import Path

import kills
import pytest

pytest.importorskip("torch")

import kills_training

from sketchshape.config.run import RunSettings
from sketchshape.errors import ArtefactError
from sketchshape.render.workers import Crew
from sketchshape.runs.folder import claim


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("kind", kills_training.KINDS)
@pytest.mark.parametrize("runs", [2, pytest.param(200, marks=pytest.mark.slow)])
def test_killed_at_any_moment_it_ends_as_if_nothing_had_been(
    runs: int, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(Crew, "call", kills.call_here)
    if kind == "export":
        pytest.importorskip("onnxscript")
        runs = max(1, runs - 1)  # one takes seconds
    kills_training.kill(tmp_path / "work", kind, runs, 0)


def test_what_was_half_written_keeps_no_folder_from_a_run_and_what_is_of_others_stays(tmp_path: Path) -> None:
    (tmp_path / ".settings-abcd_123.json").touch()
    claim(tmp_path, RunSettings(), "one", fresh=False)
    assert [path.name for path in tmp_path.iterdir()] == ["settings.json"]
    (tmp_path / "seed-0").mkdir()
    (tmp_path / "seed-0/.teacher-abcd_123.checkpoint").touch()
    (tmp_path / "seed-0/teacher.checkpoint").touch()
    claim(tmp_path, RunSettings(), "one", fresh=False)
    assert [path.name for path in (tmp_path / "seed-0").iterdir()] == ["teacher.checkpoint"]
    other = tmp_path / "other"
    other.mkdir()
    (other / ".mine-abcd_123.json").touch()
    with pytest.raises(ArtefactError, match="is not empty and holds no run"):
        claim(other, RunSettings(), "one", fresh=False)
    assert (other / ".mine-abcd_123.json").exists()
