"""The cost of an mAP, of made logs whose sums are known."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts/docs/cost.py"


def write_seed(run: Path, seed: int, student: list[tuple[float, float]]) -> None:
    rows: list[dict[str, object]] = [{"stage": "teacher", "epoch": n, "seconds": 10.0} for n in (1, 2)]
    for epoch, (seconds, value) in enumerate(student, 1):
        rows.append({"stage": "student", "epoch": epoch, "seconds": seconds, "val_map": value})
    folder = run / f"seed-{seed}"
    folder.mkdir(parents=True)
    (folder / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    write_seed(folder, 0, [(3, 0.5), (3, 0.7), (3, 0.8)])
    write_seed(folder, 1, [(5, 0.7), (5, 0.6), (5, 0.75)])
    (folder / "run.json").write_text(json.dumps({"seconds_prepared": 100.0}))
    return folder


def table(*arguments: object) -> list[list[str]]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines()[2:]]


def test_the_first_epoch_that_reaches_it_counts(run: Path) -> None:
    first, second, third = table(run, "--map", 70, 80, 90, "--cores", 2)
    # features 100, teacher 20, and 6 seconds of the one student, 5 of the other
    assert first == ["70", "2 of 2", "1.5", "126", "4.2"]
    assert second == ["80", "1 of 2", "3.0", "129", "4.3"]
    assert third == ["90", "0 of 2", "", "", ""]


def test_the_backbone_for_sketches_is_added(run: Path, tmp_path: Path) -> None:
    rows = [{"stage": "classifier", "epoch": n, "seconds": 60.0} for n in (1, 2)]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert table(run, "--map", 80, "--pretrain", tmp_path) == [["80", "1 of 2", "3.0", "249", "4.2"]]


def test_a_run_without_validation_is_named(run: Path) -> None:
    for path in run.glob("seed-*/log.jsonl"):
        path.write_text(json.dumps({"stage": "student", "epoch": 1, "seconds": 1.0}) + "\n")
    command = [sys.executable, str(SCRIPT), str(run), "--map", "70"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{run}: no log has val_map")
