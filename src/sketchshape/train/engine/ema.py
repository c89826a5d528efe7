"""A moving average of the weights: the noise of the last steps evens out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from sketchshape.train.engine.method import Method


class Averaged:
    """After step t: average = d * average + (1 - d) * weights, with d = min(decay, (1 + t) / (10 + t)).

    The smaller d of the first steps lets the average forget the random weights that it began with. The
    running means and variances of batch-norms are averaged like weights: they are moving averages already,
    so this costs nothing, while computing them anew would take another pass over data that only some
    methods can replay. Whole numbers, such as a count of batches, are taken as they are.

    Args:
        method: whose `state_dict` is averaged.
        decay: 0..1, exclusive.
    """

    def __init__(self, method: Method[Any], decay: float) -> None:
        self.method, self.decay, self.count = method, decay, 0
        self.values = _copy(method)

    @torch.no_grad()
    def update(self) -> None:
        """Take the weights after a step in."""
        self.count += 1
        decay = min(self.decay, (1 + self.count) / (10 + self.count))
        for name, value in self.method.state_dict().items():
            if value.is_floating_point():
                self.values[name].lerp_(value, 1 - decay)  # what does not change keeps its bits
            else:
                self.values[name].copy_(value)

    def apply(self) -> None:
        """Make the average the weights of the method."""
        self.method.load_state_dict(self.values)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Make the average the weights of the method inside this block."""
        own = _copy(self.method)
        self.apply()
        try:
            yield
        finally:
            self.method.load_state_dict(own)

    def state_dict(self) -> dict[str, Any]:
        """Give the average and the number of steps in it."""
        return {"values": self.values, "count": self.count}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take them back."""
        self.count = state_dict["count"]
        for name, value in state_dict["values"].items():
            self.values[name].copy_(value)


def _copy(method: Method[Any]) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in method.state_dict().items()}
