"""MobileNet v1 and EfficientNet-Lite2 side by side, for shapes."""

from __future__ import annotations

from sketchshape.train.models.backbones._joined import Joined, Part
from sketchshape.train.models.backbones.efficientnet_lite2 import EfficientNetLite2
from sketchshape.train.models.backbones.mobilenet_v1 import MobileNetV1
from sketchshape.train.models.backbones.mobilenet_v1_wide import MobileNetV1Wide


class MobileNetV1Lite2(Joined):
    """The features of both, 5240 of them; both know photographs. A file of weights is that of Lite2."""

    parts = (
        Part("mobilenet", MobileNetV1Wide, MobileNetV1.bundled, 160),
        Part("lite", EfficientNetLite2),
    )
    package = EfficientNetLite2.package
