"""Fully connected networks on the features of a frozen backbone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn


def mlp(
    sizes: Sequence[int],
    activation: Callable[[], nn.Module] = nn.ReLU,
    *,
    last: bool = False,
    norm: bool = False,
    standardise: bool = True,
    dropout: float = 0.0,
) -> nn.Sequential:
    """Make a multi-layer perceptron, one layer a module of its own.

    Args:
        sizes: width of the input and of each layer.
        activation: between the layers.
        last: the activation follows the last layer too.
        norm: batch-norm after each layer.
        standardise: bring each input to mean 0 and deviation 1 first, as the methods z-score their features.
        dropout: probability 0..1 with which an input is dropped in training, after that.

    Returns:
        (B, sizes[0]) -> (B, sizes[-1]): the module that prepares the input, then one for each layer.
    """
    first = nn.BatchNorm1d(sizes[0], affine=False) if standardise else nn.Identity()
    layers = [nn.Sequential(first, nn.Dropout(dropout))]
    for number, (width, following) in enumerate(pairwise(sizes), 2):
        parts: list[nn.Module] = [nn.Linear(width, following, bias=not norm)]
        if norm:
            parts.append(nn.BatchNorm1d(following))
        if last or number < len(sizes):
            parts.append(activation())
        layers.append(nn.Sequential(*parts))
    return nn.Sequential(*layers)


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
