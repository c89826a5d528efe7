"""One step of training: shares of a batch, micro-batches, gradients of all processes, and the average."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from sketchshape.config import run as settings
from sketchshape.train.data.items import cut
from sketchshape.train.engine.distributed import world
from sketchshape.train.engine.ema import Averaged
from sketchshape.train.engine.method import Method, Turn
from sketchshape.train.engine.sgd import SGD

B = TypeVar("B")  # a batch
_HALF = {"bf16": torch.bfloat16, "fp16": torch.float16}


class Stepper(Generic[B]):
    """Makes the steps of a method, and has all the state that they need beside its weights.

    Args:
        method: on `device` already.
        stage: momentum, weight_decay, accumulate and ema are used.
        device: where the batches are.
        precision: fp32, bf16 or fp16.
    """

    def __init__(
        self, method: Method[B], stage: settings.StageSettings, device: torch.device, precision: str
    ) -> None:
        self.method, self.accumulate, self.device = method, stage.accumulate, device
        self.world, self.half = world(), _HALF.get(precision)
        self.turns = method.turns()
        self.optimizers = [SGD(turn.groups, stage.momentum, stage.weight_decay) for turn in self.turns]
        self.scaler = torch.amp.GradScaler(device.type, enabled=precision == "fp16")
        self.averaged = Averaged(method, stage.ema) if stage.ema else None
        # Each process has seen its own part of a batch: what batch-norms keep of them is averaged.
        self._statistics = [
            value
            for name, value in method.state_dict().items()
            if self.world.size > 1 and name.endswith(("running_mean", "running_var"))
        ]

    def step(self, batch: B, rate: float) -> list[float]:
        """Make a step: each turn learns from the whole batch before the next one looks at it.

        Args:
            batch: of all processes.
            rate: learning rate.

        Returns:
            The loss of each turn; one that is not finite is the last, and nothing is learned from it.

        Raises:
            ConfigError: the batch is to be cut, and is not one of labelled items.
        """
        losses: list[float] = []
        parts = self._share(batch)
        for turn, optimizer in zip(self.turns, self.optimizers, strict=True):
            self._forget()
            loss = torch.stack([self._learn(turn, part, weight) for part, weight in parts]).sum()
            for statistic in self._statistics:
                statistic /= self.world.size
            self.world.add_up([*optimizer.gradients(), *self._statistics, loss])
            losses.append(float(loss))
            if not math.isfinite(losses[-1]):
                return losses
            self.scaler.step(optimizer, rate)  # type: ignore[arg-type]
            self.scaler.update()
        self._forget()
        if self.averaged:
            self.averaged.update()
        return losses

    def using_average(self) -> AbstractContextManager[None]:
        """Give the method the weights that are to be kept inside this block."""
        return self.averaged.applied() if self.averaged else nullcontext()

    def state_dict(self) -> dict[str, Any]:
        """Give the state."""
        return {
            "optimizers": [one.state_dict() for one in self.optimizers],
            "scaler": self.scaler.state_dict(),
            "averaged": self.averaged.state_dict() if self.averaged else None,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take it back."""
        for optimizer, stored in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(stored)
        self.scaler.load_state_dict(state["scaler"])
        if self.averaged:
            self.averaged.load_state_dict(state["averaged"])

    def _share(self, batch: B) -> list[tuple[B, float]]:
        """Give the micro-batches of this process, each with its fraction of all items of the step."""
        pieces = cut(batch, self.world.size)
        own, weight = pieces[self.world.rank % len(pieces)]
        if self.world.rank >= len(pieces):
            weight = 0.0  # too few items for all: this process keeps in step on one that does not count
        return [(part, weight * fraction) for part, fraction in cut(own, self.accumulate)]

    def _learn(self, turn: Turn[B], part: B, weight: float) -> Tensor:
        """Add the gradients of one micro-batch, and give its part of the loss."""
        with self._autocast():  # only while the method computes, not while its loss is used
            loss = turn.loss(part)
        weighted = loss * weight
        self.scaler.scale(weighted).backward()  # type: ignore[no-untyped-call]
        return weighted.detach()

    def _autocast(self) -> AbstractContextManager[Any]:
        return torch.autocast(self.device.type, self.half) if self.half else nullcontext()

    def _forget(self) -> None:
        for optimizer in self.optimizers:
            optimizer.zero_grad()
