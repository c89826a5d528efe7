"""The networks that are trained: a trunk that gives features, and a head that gives embeddings."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from sketchshape.train.backbones import Backbone


@dataclass(frozen=True, eq=False)
class ParameterGroup:
    """Parameters that are optimised at one learning rate.

    Args:
        parameters: of a network; those without gradient are left out.
        factor: of the learning rate of the stage.
        clip: largest absolute value of an entry of a gradient; 0 is no limit.
    """

    parameters: list[nn.Parameter]
    factor: float = 1.0
    clip: float = 0.0


class Head(nn.Sequential):
    """Features to embedding: dropout, linear, batch-norm, ReLU, linear, batch-norm. [CGN] section 4.1.

    There is no ReLU at the end: among centers with only non-negative entries the guidance loss has its
    optimum at a wrong class.

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


POOLS = {"mean": 1, "mean+max": 2}
"""How the features of views become those of a shape, and how many times as many these are."""


def pooled(views: Tensor, pool: str) -> Tensor:
    """Give the features of shapes: the mean over their views, and where asked the maximum after it.

    Args:
        views: (B, V, dim), in any order.
        pool: a key of `POOLS`.

    Returns:
        (B, POOLS[pool] * dim).
    """
    mean = views.mean(1)
    return torch.cat([mean, views.amax(1)], 1) if pool == "mean+max" else mean


class Features(nn.Identity):
    """The trunk of a network that is trained on stored features: nothing is left to do.

    Args:
        dim: width of the features.
    """

    rank = 1  # dimensions of one input item

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim


class Encoder(nn.Module):
    """Sketches or shapes to embeddings. [CGN] section 3.2, CNN and FCN.

    Args:
        trunk: a backbone for pictures, `Features` for stored features.
        head: what makes an embedding of them, or two heads that join theirs.
        pool: how the features of a shape's views are joined, see `POOLS`; for sketches it is mean.

    Raises:
        ValueError: the trunk gives another number of features than the head takes.
    """

    def __init__(self, trunk: Backbone | Features, head: Head | JoinedHeads, pool: str = "mean") -> None:
        super().__init__()
        if (given := trunk.dim * POOLS[pool]) != head.dim:
            raise ValueError(f"the trunk gives {given} features, the head takes {head.dim}")
        self.trunk, self.head, self.pool = trunk, head, pool

    def has_views(self, inputs: Tensor) -> bool:
        """Tell whether inputs are shapes (B, V, ...) and not sketches (B, ...).

        Raises:
            ValueError: they have a number of dimensions that is neither.
        """
        extra = inputs.ndim - 1 - self.trunk.rank
        if extra not in (0, 1):
            item = "features (dim,)" if self.trunk.rank == 1 else "a picture (H, W)"
            raise ValueError(
                f"inputs have shape {tuple(inputs.shape)}, expected (B, ...) or (B, V, ...) of {item} each"
            )
        return extra == 1

    def forward(self, inputs: Tensor) -> Tensor:
        """Embed items, without normalisation.

        Args:
            inputs: sketches (B, ...) or shapes (B, V, ...) with V views, whose features are pooled; the
                rest is (H, W) uint8 for a backbone, (dim,) float32 for stored features.

        Returns:
            (B, width) float32.
        """
        if self.has_views(inputs):
            count, views = inputs.shape[:2]
            features: Tensor = self.trunk(inputs.flatten(0, 1))
            features = pooled(features.reshape(count, views, -1), self.pool)
        else:
            features = self.trunk(inputs)
        embeddings: Tensor = self.head(features)
        return embeddings.float()

    def embed(self, inputs: Tensor) -> Tensor:
        """Embed items as rows of length 1: (B, width) float32; arguments as for `forward`."""
        return functional.normalize(self(inputs), dim=1)

    def groups(self, trunk_lr: float) -> list[ParameterGroup]:
        """List the parameters: the head at the full learning rate, the trunk at `trunk_lr` times it."""
        found = [_group(self.head, 1.0), _group(self.trunk, trunk_lr)]
        return [group for group in found if group.parameters]


def _group(module: nn.Module, factor: float) -> ParameterGroup:
    return ParameterGroup([one for one in module.parameters() if one.requires_grad], factor)
