"""Fully connected networks: features to embeddings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional


class Head(nn.Sequential):
    """Features to embedding: dropout, linear, batch-norm, ReLU, linear, batch-norm.

    [CGN] section 4.1 gives the widths of the two layers; what stands between them is ours. There is no ReLU
    at the end: among centers with only non-negative entries the guidance loss has its optimum at a wrong
    class.

    Args:
        dim: width of the features.
        hidden: width of the hidden layer.
        width: width of the embedding.
        dropout: probability 0..1 with which a feature is dropped in training.
        standardise: bring each feature to mean 0 and deviation 1 first. A dropped feature then has its mean
            and not the zero that is far from it, without which dropout does more harm than good.
    """

    def __init__(
        self, dim: int, hidden: int = 1024, width: int = 256, dropout: float = 0.0, standardise: bool = False
    ) -> None:
        drop = nn.Dropout(dropout)
        super().__init__(
            nn.Sequential(nn.BatchNorm1d(dim, affine=False), drop) if standardise else drop,
            nn.Linear(dim, hidden, bias=False),  # the batch-norm after it has the bias
            nn.BatchNorm1d(hidden),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, width, bias=False),
            nn.BatchNorm1d(width),
        )
        self.dim, self.width = dim, width


class JoinedHeads(nn.Module):
    """Two heads on the same features; their embeddings follow one another in one longer embedding.

    The first part has length 1 and the second one sqrt(weight), so the cosine of two of these embeddings is
    that of their first parts plus `weight` times that of their second parts, divided by 1 + weight.

    Args:
        first: one head.
        second: the other one.
        weight: of the second, 0 or more.

    Raises:
        ValueError: they take different numbers of features.
    """

    def __init__(self, first: Head, second: Head, weight: float) -> None:
        super().__init__()
        if first.dim != second.dim:
            raise ValueError(f"the heads take {first.dim} and {second.dim} features, expected as many")
        self.first, self.second, self.weight = first, second, weight
        self.dim, self.width = first.dim, first.width + second.width

    def forward(self, features: Tensor) -> Tensor:
        """Embed features (B, dim): (B, width)."""
        parts = [functional.normalize(head(features), dim=1) for head in (self.first, self.second)]
        return torch.cat([parts[0], self.weight**0.5 * parts[1]], 1)


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
