"""Networks side by side: each sees the same picture at a size of its own, and their features are joined."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, NamedTuple, cast

import torch
from torch import Tensor
from torch.nn import functional

from sketchshape.resources import WEIGHTS
from sketchshape.train.models.backbone import Backbone
from sketchshape.train.models.weights import read_tensors


class Part(NamedTuple):
    """One of the networks.

    Args:
        name: what its entries start with among all weights.
        kind: its class.
        weights: name of its bundled file of weights; empty for the part whose weights are given.
        size: side in pixels of the picture that it sees; 0 is that of the whole.
    """

    name: str
    kind: type[Backbone]
    weights: str = ""
    size: int = 0


class Joined(Backbone):
    """The features of all parts, one after the other; a given file of weights is that of one part.

    Networks that were trained apart make different mistakes. A subclass names its parts.
    """

    parts: ClassVar[tuple[Part, ...]]

    def __init_subclass__(cls) -> None:
        cls.dim = sum(part.kind.dim for part in cls.parts)
        cls.group = min(part.kind.group for part in cls.parts)

    def __init__(self) -> None:
        super().__init__()
        for part in self.parts:
            self.add_module(part.name, part.kind())

    def normalise(self, images: Tensor) -> Tensor:
        """Leave it to each part: (B, H, W) as they are."""
        return images

    def describe(self, pictures: Tensor) -> Tensor:
        """Give the features (B, dim) of pictures (B, H, W), 0 = ink, 255 = paper."""
        found = []
        for part in self.parts:
            network = self._network(part)
            found.append(network.describe(_sized(network.normalise(pictures), part.size)))
        return torch.cat(found, 1)

    def adapt(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Put bundled weights beside the given ones; take a file of all parts as it is."""
        names = {part.name for part in self.parts}
        if all(key.partition(".")[0] in names for key in tensors):
            return dict(tensors)
        adapted: dict[str, Tensor] = {}
        for part in self.parts:
            own = read_tensors(WEIGHTS / part.weights) if part.weights else tensors
            given = self._network(part).adapt(own)
            adapted |= {f"{part.name}.{key}": value for key, value in given.items()}
        return adapted

    def _network(self, part: Part) -> Backbone:
        return cast(Backbone, self.get_submodule(part.name))


def _sized(pictures: Tensor, side: int) -> Tensor:
    if side == 0:
        return pictures
    return functional.interpolate(pictures, (side, side), mode="bilinear", antialias=True)
