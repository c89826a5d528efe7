"""Losses, one per file, and the class centers between them."""

from sketchshape.train.losses.am_softmax import AMSoftmax, am_softmax_loss
from sketchshape.train.losses.centers import Centers, TargetCheck, class_centers, target_check
from sketchshape.train.losses.guidance import guidance_loss

__all__ = [
    "AMSoftmax",
    "Centers",
    "TargetCheck",
    "am_softmax_loss",
    "class_centers",
    "guidance_loss",
    "target_check",
]
