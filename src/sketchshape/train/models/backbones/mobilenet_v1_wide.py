"""MobileNet v1 with more of what it sees: two layers, and the strongest response beside the mean one."""

from __future__ import annotations

import torch
from torch import Tensor

from sketchshape.train.models.backbones.mobilenet_v1 import MobileNetV1

EARLIER = 512  # features of conv_pw_11


class MobileNetV1Wide(MobileNetV1):
    """The same weights; 2560 features: mean and maximum after conv_pw_12, mean after conv_pw_11.

    A sketch is mostly paper, so the mean over positions dilutes a stroke that the maximum still shows. The
    convolutions cost the same.
    """

    dim = 2 * MobileNetV1.dim + EARLIER

    def describe(self, pictures: Tensor) -> Tensor:
        """Give the features (B, 2560) of normalised pictures (B, 1, H, W)."""
        last = self.layers.index("conv_dw_12")
        earlier = self.through(pictures, self.layers[:last])
        mean = earlier.mean((2, 3))  # before the next layer works in place
        late = self.through(earlier, self.layers[last:])
        return torch.cat([late.mean((2, 3)), late.amax((2, 3)), mean], 1)
