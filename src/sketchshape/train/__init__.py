"""Training: backbones, heads, losses, methods and the one trainer. The only part that needs torch."""

from __future__ import annotations

import os

from sketchshape.errors import MissingExtraError

# Read when torch is loaded. Its threads would otherwise wait for each other by spinning, which on cores that
# other programs use too makes training ten times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

try:
    import torch as _torch  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    raise MissingExtraError("torch", "train") from error

from sketchshape.train.augment import Augment
from sketchshape.train.backbones import Backbone, build_backbone
from sketchshape.train.data import Items
from sketchshape.train.freezing import frozen
from sketchshape.train.losses import (
    AMSoftmax,
    Centers,
    TargetCheck,
    am_softmax_loss,
    class_centers,
    guidance_loss,
    target_check,
)
from sketchshape.train.methods import Batch, Method, Student, Teacher
from sketchshape.train.networks import Encoder, Features, Head, ParameterGroup
from sketchshape.train.pretrained import weights_digest
from sketchshape.train.trainer import DivergedError, FitResult, fit

__all__ = [
    "AMSoftmax",
    "Augment",
    "Backbone",
    "Batch",
    "Centers",
    "DivergedError",
    "Encoder",
    "Features",
    "FitResult",
    "Head",
    "Items",
    "Method",
    "ParameterGroup",
    "Student",
    "TargetCheck",
    "Teacher",
    "am_softmax_loss",
    "build_backbone",
    "class_centers",
    "fit",
    "frozen",
    "guidance_loss",
    "target_check",
    "weights_digest",
]
