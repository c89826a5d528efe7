"""Kill training, pre-training and export at random moments, go on, and compare with what nobody disturbed.

Run: PYTHONPATH=tests/helpers python tests/helpers/kills_training.py --runs 200

A run is a fork of this process, which has its libraries already: a small network takes tenths of a second.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from kills import call_here
from small_words import pretrain_settings, write_words
from small_world import SETTINGS, make_world

from sketchshape.config import from_tree, override
from sketchshape.config.run import RunSettings
from sketchshape.encoders import Bundle
from sketchshape.encoders.record import RECORD
from sketchshape.files import LEFT
from sketchshape.render.workers import Crew
from sketchshape.runs.folder import read_run
from sketchshape.runs.log import read_log
from sketchshape.train.engine import fit
from sketchshape.train.engine.checkpoint import load_checkpoint
from sketchshape.train.export.bundle import export_run
from sketchshape.train.models.stored import load_tensors
from sketchshape.train.pretrain import pretrain
from sketchshape.train.run import train_run

KINDS = ("train", "pretrain", "export")
MORE = ["teacher.epochs=3", "student.epochs=3", "teacher.ema=0.9"]
TIMES = ("seconds", "seconds_prepared", "created")  # of a record


class Training:
    """Something to be done in a folder, and what it makes where it is not disturbed.

    Args:
        root: a scratch folder.
        kind: train, pretrain or export.
    """

    def __init__(self, root: Path, kind: str) -> None:
        self.root, self.kind = root, kind
        if kind == "pretrain":
            self.words = write_words(root / "words", each=8)
        else:
            self.world = make_world(root / "world", shapes=2, sketches=4)
        if kind == "export":
            train_run(self._settings(), root / "trained", workers=1, quiet=True)
        found = []
        for name in ("whole",) if kind == "export" else ("drawn", "whole"):  # the first fills the cache
            begin = time.monotonic()
            self.run(root / name)
            self.spent = time.monotonic() - begin
            found.append(content(root / name))
        self.expected = found[-1]
        assert self.expected == found[0]

    def _settings(self) -> RunSettings:
        told = [*SETTINGS, *MORE, f"data.path={json.dumps(str(self.world))}"]
        return from_tree(RunSettings, override({}, told))

    def run(self, out: Path) -> None:
        """Do it, or go on with it."""
        if self.kind == "train":
            train_run(self._settings(), out, workers=1, quiet=True)
        elif self.kind == "pretrain":
            made = pretrain_settings(self.words)
            pretrain(replace(made, classifier=replace(made.classifier, epochs=3)), out, quiet=True)
        else:
            export_run(self.root / "trained", out, workers=1, quiet=True, replace=True)

    def once(self, number: int, after: float) -> bool:
        """Kill one run, look at what it left, and go on; True if it was killed in time."""
        out = self.root / f"killed-{number}" / "out"
        done = self._killed(out, after)
        left = content(out)
        assert not done or left == self.expected, "what was reported as done is there"
        for name, value in left.items():  # nothing is torn, and nothing is there that should not be
            if name == "log":
                assert all(row in self.expected["log"] for row in value)
            elif not name.endswith(".checkpoint"):
                assert value == self.expected[name], name
        for stage in {row["stage"] for row in left.get("log", ())}:
            epochs = sum(row["stage"] == stage for row in left["log"])
            assert left[f"{stage}.checkpoint"][0] >= epochs, "an epoch that was reported can be gone on from"
        self.run(out)
        found = content(out)
        assert found == self.expected, [name for name in found if found[name] != self.expected.get(name)]
        assert not [path for path in out.parent.rglob(".*") if LEFT.fullmatch(path.name)]
        shutil.rmtree(out.parent)
        return not done

    def _killed(self, out: Path, after: float) -> bool:
        child = os.fork()
        if not child:
            try:
                self.run(out)
                os._exit(0)
            finally:
                os._exit(1)
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code in (0, -signal.SIGKILL), code
        return code == 0


def content(folder: Path) -> dict[str, Any]:
    """All that a folder holds, whole files alone: names to arrays and records without times."""
    found: dict[str, Any] = {}
    for path in sorted(folder.rglob("[!.]*")):
        if path.suffix == ".checkpoint":
            state = load_checkpoint(path, None, torch.device("cpu"))
            assert state is not None
            found[path.name] = (state["epoch"], state["step"], _untimed(state["history"]))
        elif path.suffix == ".safetensors":
            found[path.name] = {
                name: value.numpy().tobytes() for name, value in load_tensors(path)[1].items()
            }
        elif path.suffix == ".npz":
            with np.load(path) as arrays:
                found[path.name] = {name: arrays[name].tobytes() for name in arrays.files}
        elif path.name == "log.jsonl":
            found["log"] = _untimed(read_log(path.parent))
        elif path.suffix == ".json":
            found[path.name] = _untimed(json.loads(path.read_text()))
        elif path.is_file() and path.name != "log.csv":
            found[path.name] = path.read_bytes()
    if RECORD in found:
        assert Bundle.open(folder).hash == found[RECORD]["hash"]
    if "run.json" in found:
        read_run(folder)
    return found


def _untimed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _untimed(one) for name, one in value.items() if name not in TIMES}
    return [_untimed(one) for one in value] if isinstance(value, list) else value


def kill(root: Path, kind: str, runs: int, seed: int) -> int:
    """Kill so many runs of a kind; gives how many were not done before."""
    torch.set_num_threads(1)  # threads of a parent are not there after a fork
    every = fit.fit.__kwdefaults__["checkpoint_every"]
    fit.fit.__kwdefaults__["checkpoint_every"] = 0.0  # after each step
    try:
        chance, work = random.Random(f"{kind} {seed}"), Training(root, kind)
        return sum(work.once(number, chance.uniform(0, work.spent)) for number in range(runs))
    finally:
        fit.fit.__kwdefaults__["checkpoint_every"] = every


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="+", default=KINDS)
    asked = parser.parse_args()
    Crew.call = call_here  # type: ignore[method-assign, assignment]
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["SKETCHSHAPE_CACHE"] = str(Path(scratch, "cache"))
        for kind in asked.kinds:
            begin = time.monotonic()
            killed = kill(Path(scratch, kind), kind, asked.runs, asked.seed)
            spent = time.monotonic() - begin
            print(f"{kind}: {asked.runs} runs, {killed} killed, all as unbroken, {spent:.0f} s", flush=True)


if __name__ == "__main__":
    main()
