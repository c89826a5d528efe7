"""Networks side by side: each sees the same picture at a size of its own, and their features are joined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from sketchshape.config.backbone import names_shown
from sketchshape.train.models.backbone import Backbone


class SideBySide(Backbone):
    """The features of all parts, one after the other.

    Networks that were trained apart make different mistakes: what one has learned from photographs helps with
    a careful drawing, what another has learned from drawings with a scribble.

    Args:
        parts: the networks, with their weights.
        sizes: side in pixels of the picture that each of them sees.
        side: of the pictures that come in; 0 is the largest of the sizes.
    """

    def __init__(self, parts: Sequence[Backbone], sizes: Sequence[int], side: int = 0) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)
        self.sizes, self.side = tuple(sizes), side or max(sizes)
        self.dim = sum(part.dim for part in parts)
        self.group = min(part.group for part in parts)

    @property
    def name(self) -> str:
        """The names of the parts."""
        return names_shown([part.name for part in self._backbones()])

    @property
    def identity(self) -> tuple[str, ...]:
        """What decides the features beside the parameters: also the sizes."""
        pairs = zip(self._backbones(), self.sizes, strict=True)
        return tuple(text for part, size in pairs for text in (*part.identity, str(size)))

    def normalise(self, images: Tensor) -> Tensor:
        """Leave it to each part: (B, H, W) as they are."""
        return images

    def describe(self, pictures: Tensor) -> Tensor:
        """Give the features (B, dim) of pictures (B, H, W), 0 = ink, 255 = paper."""
        found = []
        for part, size in zip(self._backbones(), self.sizes, strict=True):
            seen = part.normalise(pictures)
            found.append(part.describe(seen if size == self.side else _resized(seen, size)))
        return torch.cat(found, 1)

    def apart(self) -> list[Backbone]:
        """Give each part as a backbone that sees the same pictures; their features, joined, are these."""
        return [
            part if size == self.side else SideBySide([part], [size], self.side)
            for part, size in zip(self._backbones(), self.sizes, strict=True)
        ]

    def initialise(self) -> None:
        """Draw random weights, each part in its own way."""
        for part in self._backbones():
            part.initialise()

    def simplify(self) -> None:
        """Rewrite the layers of each part in place for inference."""
        for part in self._backbones():
            part.simplify()

    def _backbones(self) -> list[Backbone]:
        return cast(list[Backbone], list(self.parts))


def _resized(pictures: Tensor, side: int) -> Tensor:
    return functional.interpolate(pictures, (side, side), mode="bilinear", antialias=True)
