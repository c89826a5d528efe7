"""The lists of sketches that nothing may be learned from before SHREC'13 or SHREC'14 is measured."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KEYS = ROOT / "configs/keys"
SCRIPT = ROOT / "scripts/data/shrec_sketches.py"
NAMES = ("shrec13-test-sketches", "shrec13-validation-sketches", "shrec14-test-sketches")


def keys(name: str) -> list[str]:
    lines = (KEYS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def shared() -> Path:
    chosen = os.environ.get("SKETCHSHAPE_SHARED")
    folder = Path(chosen) if chosen else ROOT.parent / "shared"
    if not (folder / "data/shrec_lists").is_dir():
        pytest.skip("the official lists are not on this machine (SKETCHSHAPE_SHARED)")
    return folder / "data/shrec_lists"


@pytest.mark.parametrize("name", NAMES)
def test_a_list_names_each_sketch_once_by_its_number(name: str) -> None:
    found = keys(name)
    assert found == sorted(set(found))
    assert all(key.startswith("tuberlin:") for key in found)
    assert {int(key.removeprefix("tuberlin:")) for key in found} <= set(range(1, 20_001))


def test_choosing_leaves_out_a_fifth_of_the_training_sketches_too() -> None:
    tested, chosen = (set(keys(name)) for name in NAMES[:2])
    assert len(tested) == 2700
    assert tested < chosen
    assert len(chosen - tested) == 900  # a fifth of 4,500
    assert len(keys("shrec14-test-sketches")) == 5130


def make(folder: Path, out: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), str(folder), "--out", str(out)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_makes_the_files_that_are_here(tmp_path: Path) -> None:
    done = make(shared(), tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(path.stem for path in tmp_path.iterdir()) == sorted(NAMES)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (KEYS / path.name).read_bytes()


def test_a_folder_without_lists_is_named(tmp_path: Path) -> None:
    done = make(tmp_path, tmp_path)
    assert done.returncode == 1
    expected = "expected the official lists of SHREC'13 and SHREC'14"
    assert done.stderr == f"SHREC13_SBR_Sketch_Test.cla is not under {tmp_path}, {expected}\n"
