"""Three MobileNets side by side: one knows photographs, two know drawings, each in its own way."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from sketchshape.train.backbones._base import Backbone
from sketchshape.train.backbones.mobilenet_v1 import MobileNetV1
from sketchshape.train.backbones.mobilenet_v1_twins import MobileNetV1Twins, smaller
from sketchshape.train.backbones.mobilenet_v1_wide import MobileNetV1Wide
from sketchshape.train.pretrained import BUNDLED, read_tensors


class MobileNetV1Trio(Backbone):
    """The features of the twins and of another network for drawings, 7680 of them, for sketches.

    What a network makes of few drawings depends on chance; two that were trained apart make different
    mistakes. A file of weights is that of the third network, as `sketchshape pretrain` makes it.
    """

    dim = MobileNetV1Twins.dim + MobileNetV1Wide.dim
    group = MobileNetV1.group

    def __init__(self) -> None:
        super().__init__()
        self.twins, self.third = MobileNetV1Twins(), MobileNetV1Wide()

    def normalise(self, images: Tensor) -> Tensor:
        """Bring pictures to what all three networks expect: (B, 1, H, W)."""
        return self.twins.normalise(images)

    def describe(self, pictures: Tensor) -> Tensor:
        """Give the features (B, 7680) of normalised pictures (B, 1, H, W)."""
        return torch.cat([self.twins.describe(pictures), self.third.describe(smaller(pictures))], 1)

    def adapt(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Put the bundled weights of the twins beside those of a third one; take a file of all as it is."""
        if any(key.startswith("twins.") for key in tensors):
            return dict(tensors)
        halves = {
            "twins": self.twins.adapt(read_tensors(BUNDLED / self.twins.bundled)),
            "third": self.third.adapt(tensors),
        }
        return {f"{part}.{key}": value for part, given in halves.items() for key, value in given.items()}
