"""What the processes of `test_distributed` run: trainings that are compared with those of one process."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from sketchshape.config import run as settings
from sketchshape.train.cgn.teacher import Teacher
from sketchshape.train.data.items import Items
from sketchshape.train.engine.distributed import processes, world
from sketchshape.train.engine.fit import fit
from sketchshape.train.engine.method import Method
from sketchshape.train.models.encoder import Encoder, Features
from sketchshape.train.models.heads import Head

STEADY = settings.StageSettings(epochs=3, batch=8, lr=0.1)


class Plain(Method):
    """A classifier without batch-norm: its loss is a mean over the items, and nothing is random."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(5, 7), torch.nn.Tanh(), torch.nn.Linear(7, 3)
        ).double()
        self.sizes = []

    def loss(self, batch):
        self.sizes.append(len(batch.labels))
        return functional.cross_entropy(self.layers(batch.inputs), batch.labels)


class Failing(Plain):
    """Fails in the second process only."""

    def loss(self, batch):
        if world().rank == 1 and len(self.sizes) == 3:
            raise RuntimeError("broken on purpose")
        return super().loss(batch)


class Interrupted(Plain):
    """Of two processes one is interrupted, in the middle of its fourth step."""

    def loss(self, batch):
        if len(self.sizes) == 3 and world().rank == 1:
            signal.raise_signal(signal.SIGINT)
        return super().loss(batch)


def data(count=31):
    random = np.random.default_rng(0)
    return Items(random.normal(size=(count, 5)), np.arange(count) % 3)


def normed(stage=STEADY):
    """A teacher with batch-norms."""
    torch.manual_seed(0)
    encoder = Encoder(Features(5), Head(5, hidden=4, width=3)).double()
    return Teacher(encoder, 3, settings.TeacherSettings(batch=stage.batch)).double()


def train(method, folder, stage=STEADY, items=None, **options):
    """Train from the start or from where it stopped; give what decides that two trainings are alike."""
    given = {"seed": 0, "folder": folder, "name": "one", "quiet": True} | options
    result = fit(method, items or data(), stage, **given)
    losses = [row["loss"] for row in result.history]
    return {"state": dict(method.state_dict()), "losses": losses, "sizes": getattr(method, "sizes", [])}


def cases(folder):
    """All trainings that are done in one process and in several; `few` ends in a step of two items."""
    half = settings.StageSettings(epochs=3, batch=4, accumulate=2, lr=0.1)
    averaged = settings.StageSettings(epochs=3, batch=8, lr=0.1, ema=0.9)
    seen = []
    return {
        "plain": lambda: (
            train(Plain(), folder / "plain", validate=lambda: seen.append(1) or {"seen": float(len(seen))})
            | {"validated": len(seen)}
        ),
        "accumulated": lambda: train(Plain(), folder / "accumulated", half),
        "averaged": lambda: train(Plain(), folder / "averaged", averaged),
        "few": lambda: train(Plain(), folder / "few", items=data(10)),
        "normed": lambda: train(normed(), folder / "normed"),
    }


def main(what: str, folder: Path) -> None:
    with processes("cpu") as together:
        assert together.size == 2
        if what == "cases":
            found = {name: case() for name, case in cases(folder).items()}
            with together.first_alone():
                early = (folder / "prepared").exists()
                if together.first:
                    time.sleep(0.3)
                    (folder / "prepared").touch()
            found["alone"] = {"early": early, "any": together.any(together.rank == 1)}
            found["same"] = {
                "values": together.of_first(np.full(3, together.rank + 5.0, np.float32)).tolist()
            }
            torch.save(found, folder / f"found-{together.rank}.pt")
        elif what == "failing":
            train(Failing(), folder)
        elif what == "unprepared":
            with together.first_alone():
                raise RuntimeError("nothing to read")
        elif what == "interrupted":
            try:
                train(Interrupted(), folder)
            except KeyboardInterrupt:
                (folder / f"interrupted-{together.rank}").touch()
            if together.first:
                (folder / "alone").mkdir()
                shutil.copy(folder / "one.checkpoint", folder / "alone")
            torch.save(train(Plain(), folder), folder / f"found-{together.rank}.pt")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1], Path(sys.argv[2]))
    assert "RANK" in os.environ
