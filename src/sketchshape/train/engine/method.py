"""What the training loop asks of what it trains."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from torch import Tensor, nn

from sketchshape.train.models.encoder import ParameterGroup

B = TypeVar("B")  # a batch


@dataclass(frozen=True)
class Turn(Generic[B]):
    """A loss with the parameters that it moves, which have an optimizer of their own.

    Args:
        name: in the log.
        loss: of a batch, a scalar to be lowered.
        groups: the parameters.
    """

    name: str
    loss: Callable[[B], Tensor]
    groups: list[ParameterGroup]


class Method(nn.Module, ABC, Generic[B]):
    """Networks with the loss that trains them, for batches of one type.

    A subclass gives `loss`. Random numbers come from torch's global generator, which the loop sets before
    each step. A step has one turn; a method that plays against itself gives several, and each has moved its
    parameters by the time the next one computes its loss.
    """

    @abstractmethod
    def loss(self, batch: B) -> Tensor:
        """Give the scalar that a step has to lower."""

    def groups(self) -> list[ParameterGroup]:
        """List what is trained: by default all parameters, at the learning rate of the stage."""
        return [ParameterGroup([one for one in self.parameters() if one.requires_grad])]

    def turns(self) -> list[Turn[B]]:
        """Give the turns of a step."""
        return [Turn("loss", self.loss, self.groups())]
