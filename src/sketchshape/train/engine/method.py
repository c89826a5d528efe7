"""What the trainer asks of a method."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, TypeVar

from torch import Tensor

from sketchshape.train.models.encoder import ParameterGroup

B_contra = TypeVar("B_contra", contravariant=True)


class Method(Protocol[B_contra]):
    """Networks with the losses that train them, for batches of one type.

    `players` names the sets of parameters that take turns; each gets an optimizer of its own. `updates`
    yields a player and its loss; that player has made its step by the time the generator goes on. So a
    method with one loss is one yield, and an adversarial method two. Random numbers come from torch's
    global generator, which the trainer sets before each step.
    """

    def players(self) -> dict[str, list[ParameterGroup]]:
        """Name the players, with their parameters."""
        ...

    def updates(self, batch: B_contra) -> Iterator[tuple[str, Tensor]]:
        """Yield a player and the scalar loss that it has to lower, one after the other."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Give all that training changes."""
        ...

    def load_state_dict(self, state_dict: dict[str, Any]) -> Any:
        """Take it back."""
        ...

    def train(self, mode: bool = True) -> Any:
        """Switch to training."""
        ...

    def eval(self) -> Any:
        """Switch to evaluation."""
        ...
