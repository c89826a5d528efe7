"""Stochastic gradient descent with momentum; the first use of torch's own takes seconds of imports."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from sketchshape.config import run as settings
from sketchshape.train.models.encoder import ParameterGroup


class SGD:
    """The update of `torch.optim.SGD`, bit for bit: v = momentum * v + gradient + decay * p; p -= lr * v.

    Args:
        groups: parameters, with the factor of the learning rate and the limit of the gradient of each group.
        momentum: 0..1.
        weight_decay: 0 or more.
    """

    def __init__(self, groups: Sequence[ParameterGroup], momentum: float, weight_decay: float) -> None:
        self.momentum, self.weight_decay = momentum, weight_decay
        self.param_groups = [{"params": group.parameters, "factor": group.factor} for group in groups]
        self._parameters = [(one, group) for group in groups for one in group.parameters]
        self._speeds = [torch.zeros_like(one) for one, _ in self._parameters]

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter, _ in self._parameters:
            parameter.grad = None

    def gradients(self) -> list[Tensor]:
        """List the gradients that there are."""
        return [one.grad for one, _ in self._parameters if one.grad is not None]

    @torch.no_grad()
    def step(self, lr: float) -> None:
        """Move all parameters that have a gradient, which is used up.

        Args:
            lr: learning rate, before the factor of a group.
        """
        for (parameter, group), speed in zip(self._parameters, self._speeds, strict=True):
            if parameter.grad is not None:
                if group.clip:
                    parameter.grad.clamp_(-group.clip, group.clip)
                slope = parameter.grad.add_(parameter, alpha=self.weight_decay)  # used up: no copy
                speed.mul_(self.momentum).add_(slope)
                parameter.add_(speed, alpha=-lr * group.factor)

    def state_dict(self) -> dict[str, Any]:
        """Give the momentum."""
        return {"speeds": self._speeds}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the momentum back."""
        for speed, stored in zip(self._speeds, state_dict["speeds"], strict=True):
            speed.copy_(stored)


def learning_rate(stage: settings.StageSettings, epoch: float) -> float:
    """Give the learning rate at a moment of training.

    Args:
        stage: lr and schedule.
        epoch: finished epochs, with fraction.

    Returns:
        `lr` times `decay` for every `decay_every` epochs, or half a cosine from `lr` to 0 at the end.
    """
    if stage.schedule == "cosine":
        return stage.lr * (1 + math.cos(math.pi * epoch / stage.epochs)) / 2
    return stage.lr * stage.decay ** (int(epoch) // stage.decay_every)
