"""View pooling: how the views of a shape become one, and which of them a step sees."""

from __future__ import annotations

import torch
from torch import Tensor, nn

POOLS = {"mean": 1, "mean+max": 2}
"""How the features of views become those of a shape, and how many times as many these are."""


def pool_views(views: Tensor, pool: str) -> Tensor:
    """Give the features of shapes: the mean over their views, and where asked the maximum after it.

    Args:
        views: (B, V, dim), in any order.
        pool: a key of `POOLS`.

    Returns:
        (B, POOLS[pool] * dim).
    """
    mean = views.mean(1)
    return torch.cat([mean, views.amax(1)], 1) if pool == "mean+max" else mean


class OfViews(nn.Module):
    """The network of a shape: its views' features joined to one row, then a network.

    Args:
        network: (B, dim) -> (B, D).
        pool: mean or max over the views.
    """

    def __init__(self, network: nn.Module, pool: str = "mean") -> None:
        super().__init__()
        self.network, self.pool = network, pool

    def forward(self, shapes: Tensor) -> Tensor:
        """Embed shapes (B, views, dim): (B, D)."""
        embeddings: Tensor = self.network(self.join(shapes))
        return embeddings

    def join(self, shapes: Tensor) -> Tensor:
        """Join the views (B, views, dim) to what the network takes: (B, dim)."""
        return shapes.amax(1) if self.pool == "max" else shapes.mean(1)


class EachView(nn.Module):
    """The network of a shape whose views are embedded one by one.

    Args:
        network: (B, dim) -> (B, D).
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, shapes: Tensor) -> Tensor:
        """Embed shapes (B, views, dim): (B, views, D)."""
        embeddings: Tensor = self.network(shapes.flatten(0, 1))
        return embeddings.reshape(*shapes.shape[:2], -1)


def draw_views(shapes: Tensor, count: int) -> Tensor:
    """Draw views at random, for each shape its own.

    Args:
        shapes: (B, views, ...).
        count: different views of each shape, at least 1; more than there are takes all.

    Returns:
        (B, count, ...).
    """
    order = torch.rand(shapes.shape[:2]).argsort(1)[:, :count].to(shapes.device)
    return shapes[torch.arange(len(shapes), device=shapes.device)[:, None], order]


def some_views(inputs: Tensor, least: int) -> Tensor:
    """Take a random number of random views, the number the same for all shapes of a batch.

    Args:
        inputs: (B, V, ...).
        least: smallest number of views, 1..V; more than V takes all.

    Returns:
        (B, K, ...) with K from `least` to V; each shape has K different views of its own.
    """
    views = inputs.shape[1]
    if least >= views:
        return inputs
    return draw_views(inputs, int(torch.randint(least, views + 1, ())))
