"""One step of training: shares of a batch, micro-batches, gradients of all processes, and the average."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from sketchshape.config import run as settings
from sketchshape.train.data.items import cut
from sketchshape.train.engine.distributed import world
from sketchshape.train.engine.ema import Averaged
from sketchshape.train.engine.method import Method
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
        self, method: Method[B], stage: settings.Stage, device: torch.device, precision: str
    ) -> None:
        self.method, self.accumulate, self.device = method, stage.accumulate, device
        self.world, self.half = world(), _HALF.get(precision)
        self.optimizers = {
            player: SGD(groups, stage.momentum, stage.weight_decay)
            for player, groups in method.players().items()
        }
        self.scaler = torch.amp.GradScaler(device.type, enabled=precision == "fp16")
        self.averaged = Averaged(method, stage.ema) if stage.ema else None
        # Each process has seen its own part of a batch: what batch-norms keep of them is averaged.
        self._statistics = [
            value
            for name, value in method.state_dict().items()
            if self.world.size > 1 and name.endswith(("running_mean", "running_var"))
        ]

    def step(self, batch: B, rate: float) -> Iterator[tuple[str, float]]:
        """Yield each player with its loss, and make its step when the caller goes on.

        Args:
            batch: of all processes.
            rate: learning rate.

        Yields:
            The player, and its loss over the whole batch.

        Raises:
            ConfigError: the batch is to be cut, and is not one of labelled items.
        """
        self._forget()
        for turn in zip(*[self._learn(part, weight) for part, weight in self._share(batch)], strict=True):
            player = turn[0][0]
            optimizer, loss = self.optimizers[player], torch.stack([part for _, part in turn]).sum()
            for statistic in self._statistics:
                statistic /= self.world.size
            self.world.add_up([*optimizer.gradients(), *self._statistics, loss])
            yield player, float(loss)
            self.scaler.step(optimizer, rate)  # type: ignore[arg-type]
            self.scaler.update()
            self._forget()
        if self.averaged:
            self.averaged.update()

    def using_average(self) -> AbstractContextManager[None]:
        """Give the method the weights that are to be kept inside this block."""
        return self.averaged.applied() if self.averaged else nullcontext()

    def state_dict(self) -> dict[str, Any]:
        """Give the state."""
        return {
            "optimizers": {player: one.state_dict() for player, one in self.optimizers.items()},
            "scaler": self.scaler.state_dict(),
            "averaged": self.averaged.state_dict() if self.averaged else None,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take it back."""
        for player, optimizer in self.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][player])
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

    def _learn(self, part: B, weight: float) -> Iterator[tuple[str, Tensor]]:
        """Add the gradients of one micro-batch, player after player, each with its part of the loss."""
        turns = self.method.updates(part)
        while True:
            with self._autocast():  # only while the method computes, not while its loss is used
                found = next(turns, None)
            if found is None:
                return
            weighted = found[1] * weight
            self.scaler.scale(weighted).backward()  # type: ignore[no-untyped-call]
            yield found[0], weighted.detach()

    def _autocast(self) -> AbstractContextManager[Any]:
        return torch.autocast(self.device.type, self.half) if self.half else nullcontext()

    def _forget(self) -> None:
        for optimizer in self.optimizers.values():
            optimizer.zero_grad()
