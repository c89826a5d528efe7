"""The lists of sketches that nothing may be learned from before SHREC'13 or SHREC'14 is measured."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sketchshape.config import load_config
from sketchshape.config.pretrain import PretrainSettings

ROOT = Path(__file__).parents[2]
KEYS = ROOT / "configs/keys"
SCRIPT = ROOT / "scripts/data/shrec_sketches.py"
PRETRAINING = sorted((ROOT / "configs/pretrain").glob("*.toml"))
NAMES = ("shrec13-test-sketches", "shrec13-validation-sketches", "shrec14-test-sketches", "shrec13-sketches")


def keys(name: str) -> list[str]:
    lines = (KEYS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def shared() -> Path:
    chosen = os.environ.get("SKETCHSHAPE_SHARED")
    folder = Path(chosen) if chosen else ROOT.parent / "shared"
    if not (folder / "data/shrec_lists").is_dir():
        pytest.skip("the official lists are not on this machine (SKETCHSHAPE_SHARED)")
    return folder / "data"


@pytest.mark.parametrize("name", NAMES)
def test_a_list_names_each_sketch_once_by_its_number(name: str) -> None:
    found = keys(name)
    assert found == sorted(set(found))
    assert all(key.startswith("tuberlin:") for key in found)
    assert {int(key.removeprefix("tuberlin:")) for key in found} <= set(range(1, 20_001))


def test_a_backbone_may_have_seen_none_of_shrec13() -> None:
    every = set(keys("shrec13-sketches"))
    assert len(every) == 7200
    assert set(keys("shrec13-validation-sketches")) < every


def test_choosing_leaves_out_a_fifth_of_the_training_sketches_too() -> None:
    tested, chosen = (set(keys(name)) for name in NAMES[:2])
    assert len(tested) == 2700
    assert tested < chosen
    assert len(chosen - tested) == 900  # a fifth of 4,500
    assert len(keys("shrec14-test-sketches")) == 5130


@pytest.mark.parametrize("path", sorted(KEYS.glob("*.txt")), ids=lambda path: path.stem)
def test_a_list_with_sketches_of_tu_berlin_has_all_that_a_benchmark_is_tested_with(path: Path) -> None:
    found = set(keys(path.stem))
    if any(key.startswith("tuberlin:") for key in found):
        year = "14" if path.stem.startswith("shrec14") else "13"
        assert set(keys(f"shrec{year}-test-sketches")) <= found


@pytest.mark.parametrize("path", PRETRAINING, ids=lambda path: path.stem)
def test_no_backbone_learns_from_test_sketches_of_shrec13(path: Path) -> None:
    """Where drawings of TU-Berlin are learned from, all 2,700 are left out; psb76's are looked at below."""
    text, settings = path.read_text(encoding="utf-8"), load_config(PretrainSettings, path)
    left_out = set(keys(Path(settings.data.left_out).stem))
    assert settings.data.left_out == f"configs/keys/{Path(settings.data.left_out).stem}.txt"
    if "PSB76_DRAWINGS" in text:
        assert "# For psb76 only" in text
    elif re.search("tu-?berlin", text, re.IGNORECASE) or "tuberlin" in " ".join(left_out):
        assert set(keys("shrec13-test-sketches")) <= left_out


def test_what_psb76_has_of_tu_berlin_is_what_its_backbones_say() -> None:
    """They learn from no test sketch of SHREC'13, from 40 that it is chosen with, from 81 of SHREC'14's."""
    with (shared() / "psb76/sources.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["source"].startswith("tuberlin:")]
    assert all(row["source"] == f"tuberlin:{row['sketch']}" for row in rows)
    train, test = ({row["source"] for row in rows if row["part"] == part} for part in ("train", "test"))
    tested, chosen, later = (set(keys(name)) for name in NAMES[:3])
    assert (len(train), len(test)) == (200, 120)
    assert test <= tested
    assert not train & tested
    assert (len(train & chosen), len(train & later)) == (40, 81)
    for name in ("resnet50", "sketches"):
        said = (ROOT / f"configs/pretrain/{name}.toml").read_text(encoding="utf-8").partition("psb76 only")[2]
        assert re.findall(r"\b(?:40|81)\b", said) == ["40", "81"]


def make(folder: Path, out: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), str(folder), "--out", str(out)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_makes_the_files_that_are_here(tmp_path: Path) -> None:
    done = make(shared() / "shrec_lists", tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(path.stem for path in tmp_path.iterdir()) == sorted(NAMES)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (KEYS / path.name).read_bytes()


def test_a_folder_without_lists_is_named(tmp_path: Path) -> None:
    done = make(tmp_path, tmp_path)
    assert done.returncode == 1
    expected = "expected the official lists of SHREC'13 and SHREC'14"
    assert done.stderr == f"SHREC13_SBR_Sketch_Test.cla is not under {tmp_path}, {expected}\n"
