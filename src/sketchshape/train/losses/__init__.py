"""Losses, one per file."""

from sketchshape.train.losses.am_softmax import AMSoftmax, am_softmax_loss
from sketchshape.train.losses.barycenter import line_cost, wasserstein_barycenter
from sketchshape.train.losses.class_means import class_mean_loss
from sketchshape.train.losses.contrastive import (
    Contrastive,
    Exponential,
    across_loss,
    four_term_loss,
    within_loss,
)
from sketchshape.train.losses.guidance import guidance_loss
from sketchshape.train.losses.subspace import improved_center_loss, point_to_subspace, span
from sketchshape.train.losses.triplet import batch_hard_loss
from sketchshape.train.losses.triplet_center import TripletCenter, triplet_center_loss

__all__ = [
    "AMSoftmax",
    "Contrastive",
    "Exponential",
    "TripletCenter",
    "across_loss",
    "am_softmax_loss",
    "batch_hard_loss",
    "class_mean_loss",
    "four_term_loss",
    "guidance_loss",
    "improved_center_loss",
    "line_cost",
    "point_to_subspace",
    "span",
    "triplet_center_loss",
    "wasserstein_barycenter",
    "within_loss",
]
