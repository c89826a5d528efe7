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

from sketchshape.runs.centers import Centers
from sketchshape.train.centers.class_centers import class_centers
from sketchshape.train.centers.target_check import TargetCheck, target_check
from sketchshape.train.cgn.student import Student
from sketchshape.train.cgn.teacher import Teacher
from sketchshape.train.data.items import Batch, Items
from sketchshape.train.data.sketch_augment import Augment
from sketchshape.train.engine.fit import DivergedError, FitResult, fit
from sketchshape.train.engine.method import Method
from sketchshape.train.losses import AMSoftmax, am_softmax_loss, guidance_loss
from sketchshape.train.models.backbones import Backbone, build_backbone
from sketchshape.train.models.encoder import Encoder, Features, ParameterGroup
from sketchshape.train.models.frozen import frozen
from sketchshape.train.models.heads import Head
from sketchshape.train.models.weights import weights_digest

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
