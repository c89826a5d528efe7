"""Three MobileNets side by side: one knows photographs, two know drawings, each in its own way."""

from __future__ import annotations

from sketchshape.train.models.backbones._joined import Joined, Part
from sketchshape.train.models.backbones.mobilenet_v1 import MobileNetV1
from sketchshape.train.models.backbones.mobilenet_v1_twins import SEEN
from sketchshape.train.models.backbones.mobilenet_v1_wide import MobileNetV1Wide


class MobileNetV1Trio(Joined):
    """The features of the twins and of another network for drawings, 7680 of them, for sketches.

    What a network makes of few drawings depends on chance; two that were trained apart make different
    mistakes. A file of weights is that of the third network, as `sketchshape pretrain` makes it.
    """

    parts = (
        Part("photographs", MobileNetV1Wide, MobileNetV1.bundled),
        Part("strokes", MobileNetV1Wide, MobileNetV1.drawings, SEEN),
        Part("third", MobileNetV1Wide, size=SEEN),
    )
