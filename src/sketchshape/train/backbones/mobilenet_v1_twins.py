"""Two MobileNets side by side: one knows photographs, the other drawings."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from sketchshape.train.backbones._base import Backbone
from sketchshape.train.backbones.mobilenet_v1 import MobileNetV1
from sketchshape.train.backbones.mobilenet_v1_wide import MobileNetV1Wide
from sketchshape.train.pretrained import BUNDLED, read_tensors

SEEN = 112  # pixels of a side; what the weights for drawings were trained with


class MobileNetV1Twins(Backbone):
    """The features of both networks, 5120 of them, for sketches; a file of weights is that for drawings.

    What was learned from drawings helps with a scribble, what was learned from photographs with a careful
    drawing; together they are better than either, at twice the cost.
    """

    dim = 2 * MobileNetV1Wide.dim
    bundled = MobileNetV1.drawings
    group = MobileNetV1.group

    def __init__(self) -> None:
        super().__init__()
        self.photographs, self.strokes = MobileNetV1Wide(), MobileNetV1Wide()

    def normalise(self, images: Tensor) -> Tensor:
        """Bring pictures to what both networks expect: (B, 1, H, W)."""
        return self.photographs.normalise(images)

    def describe(self, pictures: Tensor) -> Tensor:
        """Give the features (B, 5120) of normalised pictures (B, 1, H, W)."""
        return torch.cat([self.photographs.describe(pictures), self.strokes.describe(smaller(pictures))], 1)

    def adapt(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Put the bundled weights for photographs beside some for drawings; take a file of both as it is."""
        if any(key.startswith("photographs.") for key in tensors):
            return dict(tensors)
        halves = {"photographs": read_tensors(BUNDLED / MobileNetV1.bundled), "strokes": tensors}
        return {
            f"{half}.{key}": value
            for half, given in halves.items()
            for key, value in self.photographs.adapt(given).items()
        }


def smaller(pictures: Tensor) -> Tensor:
    """Give pictures (B, 1, H, W) the size that networks for drawings were trained with."""
    return functional.interpolate(pictures, (SEEN, SEEN), mode="bilinear", antialias=True)
