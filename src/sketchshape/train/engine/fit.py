"""The one training loop: any method, any data, resumable at every step."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import torch

from sketchshape.config import run as settings
from sketchshape.errors import ConfigError, SketchshapeError
from sketchshape.files import digest
from sketchshape.progress import Steps
from sketchshape.runs.identity import stage_identity
from sketchshape.runs.log import write_log
from sketchshape.train.data.items import Data, step_seed
from sketchshape.train.engine.checkpoint import load_checkpoint, save_checkpoint
from sketchshape.train.engine.interrupts import Interrupts
from sketchshape.train.engine.method import Method
from sketchshape.train.engine.sgd import learning_rate
from sketchshape.train.engine.step import Stepper

B = TypeVar("B")  # a batch
Validate = Callable[[], dict[str, float]]


class DivergedError(SketchshapeError):
    """A loss became infinite or not a number."""


@dataclass(frozen=True)
class FitResult:
    """What a training did.

    Args:
        history: one row for each epoch: epoch (from 1), lr, loss, seconds, and what validation gave.
        seconds: spent in training and validation, that of an interrupted part included.
        resumed: whether it went on from a checkpoint.
    """

    history: tuple[dict[str, float], ...]
    seconds: float
    resumed: bool


def fit(
    method: Method[B],
    data: Data[B],
    stage: settings.StageSettings,
    *,
    seed: int,
    device: torch.device | str = "cpu",
    precision: str = "fp32",
    folder: Path,
    name: str,
    key: str = "",
    validate: Validate | None = None,
    quiet: bool = False,
    checkpoint_every: float = 60.0,
) -> FitResult:
    """Train a method, or go on where an earlier call was stopped; on a CPU to the same bits as without it.

    Batches, augmentation and all random numbers of a step follow from (seed, epoch, step) alone. Of the
    processes of torchrun each learns from its share of a batch, and the first one validates and writes.

    Args:
        method: on `device` already; changed in place.
        data: what it is trained on.
        stage: how the parameters are optimised.
        seed: 0 or more.
        device: where batches go.
        precision: fp32, bf16 or fp16 (both mixed; fp16 needs a GPU).
        folder: of `NAME.checkpoint`, `log.jsonl` and `log.csv`.
        name: of the stage: teacher or student.
        key: hash of everything else that the result depends on, such as the network's settings.
        validate: called after each epoch, the method in evaluation mode; its figures go to the log.
        quiet: show no progress.
        checkpoint_every: seconds between checkpoints inside an epoch; there is one after each epoch too.

    Returns:
        The log of all epochs.

    Raises:
        DivergedError: a loss is infinite or not a number.
        ArtefactError: the checkpoint in the folder is damaged or made with other settings or data.
        ConfigError: `precision` does not work on the device.
        KeyboardInterrupt: Ctrl-C, after the step has been finished and a checkpoint written.
    """
    device = torch.device(device)
    if precision == "fp16" and device.type == "cpu":
        raise ConfigError("train.precision is fp16, which needs a GPU; use bf16 or fp32 on a CPU")
    full_key = digest(key, stage_identity(stage), seed, precision, data.digest())
    loop = _Loop(method, data, stage, seed, device, precision, folder, name, full_key)
    resumed = loop.resume()
    gpu = [device] if device.type == "cuda" else []
    with (
        torch.random.fork_rng(devices=gpu),
        Interrupts() as interrupts,
        Steps(name, loop.left(), "steps", quiet=quiet or not loop.world.first) as steps,
    ):
        try:
            while loop.epoch < stage.epochs:
                loop.run_epoch(interrupts, steps, checkpoint_every)
                loop.close_epoch(validate)
                interrupts.check(loop.world.any)
        except KeyboardInterrupt:
            if loop.whole:
                loop.save()
                loop.world.wait()  # torchrun ends all when the first of them leaves
            raise
    if loop.stepper.averaged:
        loop.stepper.averaged.apply()
    if loop.world.first:
        write_log(folder, name, loop.history)
    return FitResult(tuple(loop.history), loop.seconds, resumed)


class _Loop(Generic[B]):
    def __init__(
        self,
        method: Method[B],
        data: Data[B],
        stage: settings.StageSettings,
        seed: int,
        device: torch.device,
        precision: str,
        folder: Path,
        name: str,
        key: str,
    ) -> None:
        self.method, self.data, self.stage, self.seed, self.device = method, data, stage, seed, device
        self.folder, self.name, self.key = folder, name, key
        self.path = folder / f"{name}.checkpoint"
        self.stepper = Stepper(method, stage, device, precision)
        self.world = self.stepper.world
        self.size = stage.batch * stage.accumulate  # items of a step
        self.steps = data.steps(self.size)
        self.epoch, self.step, self.seconds = 0, 0, 0.0
        self.sums: dict[str, float] = {}
        self.history: list[dict[str, float]] = []
        self.whole = True  # no step is half done

    def left(self) -> int:
        return (self.stage.epochs - self.epoch) * self.steps - self.step

    def resume(self) -> bool:
        self.world.wait()  # the file may just be being written by the first process
        state = load_checkpoint(self.path, self.key, self.device)
        if state is None:
            return False
        self.method.load_state_dict(state["method"])
        self.stepper.load_state_dict(state)
        self.epoch, self.step, self.seconds = state["epoch"], state["step"], state["seconds"]
        self.sums, self.history = state["sums"], state["history"]
        return True

    def save(self) -> None:
        if not self.world.first:  # all have the same state
            return
        state = {
            "method": dict(self.method.state_dict()),
            **self.stepper.state_dict(),
            "epoch": self.epoch,
            "step": self.step,
            "seconds": self.seconds,
            "sums": self.sums,
            "history": self.history,
        }
        save_checkpoint(self.path, self.key, state)

    def run_epoch(self, interrupts: Interrupts, steps: Steps, every: float) -> None:
        self.method.train()
        saved = time.monotonic()
        epoch, balance = self.epoch, self.stage.balance
        for batch in self.data.batches(
            self.size, seed=self.seed, epoch=epoch, start=self.step, device=self.device, balance=balance
        ):
            began = time.monotonic()
            self.whole = False
            self.update(batch)
            self.step += 1
            self.seconds += time.monotonic() - began
            self.whole = True
            steps.advance(note=f"epoch {epoch + 1}/{self.stage.epochs} {self.losses()}")
            interrupts.check(self.world.any)
            if time.monotonic() - saved > every:
                self.save()
                saved = time.monotonic()

    def update(self, batch: B) -> None:
        self.seed_step()
        rate = learning_rate(self.stage, self.epoch + self.step / self.steps)
        losses = self.stepper.step(batch, rate)
        for turn, loss in zip(self.stepper.turns, losses, strict=False):
            if not math.isfinite(loss):
                raise DivergedError(
                    f"{self.name}: the loss is {loss} in epoch {self.epoch + 1}, step {self.step + 1}; "
                    f"try --set {self.name}.lr={self.stage.lr / 10:g}, or --set train.precision=fp32"
                )
            self.sums[turn.name] = self.sums.get(turn.name, 0.0) + loss

    def seed_step(self) -> None:
        # Not torch.manual_seed: it writes down the stack for devices that are not there, every time.
        value = step_seed(self.seed, self.epoch, self.step, self.world.rank)
        torch.default_generator.manual_seed(value)
        if self.device.type == "cuda":
            torch.cuda.manual_seed_all(value)

    def losses(self) -> str:
        return " ".join(f"{name} {total / self.step:.3f}" for name, total in self.sums.items())

    def close_epoch(self, validate: Validate | None) -> None:
        began = time.monotonic()
        self.method.eval()
        with self.stepper.using_average():
            figures = validate() if validate and self.world.first else {}
        means = [total / self.steps for total in self.sums.values()]
        extra = dict(zip([f"loss_{name}" for name in self.sums][1:], means[1:], strict=True))
        rate = learning_rate(self.stage, self.epoch)
        self.seconds += time.monotonic() - began
        spent = self.seconds - sum(row["seconds"] for row in self.history)
        row = {"epoch": self.epoch + 1, "lr": rate, "loss": means[0], **extra, **figures, "seconds": spent}
        self.history.append(row)
        self.epoch, self.step, self.sums = self.epoch + 1, 0, {}
        self.save()
        if self.world.first:
            write_log(self.folder, self.name, self.history)
        self.world.wait()
