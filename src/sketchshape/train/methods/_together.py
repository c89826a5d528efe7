"""Several networks that learned the same with seeds of their own: what they say in the mean."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from sketchshape.train.data.items import step_seed


class Together(nn.Module):
    """The mean of what several networks say of the same items, each brought to length 1.

    Args:
        networks: (B, ...) -> (B, D), into one space.
    """

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, inputs: Tensor) -> Tensor:
        """Give (B, D) float32; the rows are not longer than 1."""
        said = [functional.normalize(network(inputs), dim=1) for network in self.networks]
        return torch.stack(said).mean(0)


def seeds_of(seed: int, count: int) -> list[int]:
    """Give the seeds of so many networks; the first one is that of the run."""
    return [seed, *(step_seed(seed, 0, number) % 2**31 for number in range(1, count))]
