"""Two MobileNets side by side: one knows photographs, the other drawings."""

from __future__ import annotations

from sketchshape.train.models.backbones._joined import Joined, Part
from sketchshape.train.models.backbones.mobilenet_v1 import MobileNetV1
from sketchshape.train.models.backbones.mobilenet_v1_wide import MobileNetV1Wide

SEEN = 112  # pixels of a side; what the weights for drawings were trained with


class MobileNetV1Twins(Joined):
    """The features of both networks, 5120 of them, for sketches; a file of weights is that for drawings.

    What was learned from drawings helps with a scribble, what was learned from photographs with a careful
    drawing; together they are better than either, at twice the cost.
    """

    parts = (
        Part("photographs", MobileNetV1Wide, MobileNetV1.bundled),
        Part("strokes", MobileNetV1Wide, size=SEEN),
    )
    bundled = MobileNetV1.drawings
