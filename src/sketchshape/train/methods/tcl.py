"""TCL: one classifier and one set of learned centers for both modalities [TCL]."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from sketchshape.config import run as settings
from sketchshape.errors import ConfigError
from sketchshape.train.data.pairs import PairBatch, Pairs
from sketchshape.train.losses import TripletCenter
from sketchshape.train.methods._base import Task, Towers, cosine, euclidean
from sketchshape.train.models.encoder import ParameterGroup
from sketchshape.train.models.heads import Head
from sketchshape.train.models.views import OfViews

MEASURES = {"cosine": cosine, "euclidean": euclidean}


@dataclass(frozen=True)
class Options(settings.Stage):
    """The published values but for those that are named here.

    Args:
        epochs: passes over the training sketches.
        batch: sketches of a batch, beside half as many shapes; the paper has 16 and 8.
        lr: 1e-3 in the paper, for networks that were trained before; here all that learns is new.
        schedule: the paper has a constant rate.
        centers_lr: learning rate of the centers.
        clip: largest absolute value of an entry of a gradient.
        margin: m, 1 to 5 in the paper; embeddings are longer here, about 16.
        weight: of the triplet-center loss beside the cross-entropy; 0.1 in the paper.
        ranking: euclidean (the paper) or cosine, which is better here since sketches and shapes differ in
            their lengths.

    Raises:
        ConfigError: `ranking` is neither.
    """

    epochs: int = 30
    batch: int = 32
    lr: float = 0.02
    schedule: str = "cosine"
    dropout: float = 0.3
    centers_lr: float = 0.1
    clip: float = 0.05
    margin: float = 15.0
    weight: float = 1.0
    ranking: str = "cosine"

    def __post_init__(self) -> None:
        if self.ranking not in MEASURES:
            raise ConfigError(f"ranking is {self.ranking!r}, expected one of: {', '.join(MEASURES)}")


class Joint(nn.Module):
    """A head for each modality, under a shared classifier and shared centers.

    Args:
        dim: width of the features.
        classes: number of classes.
        head: of the run, the same for all methods.
        options: of the method.
        seed: of the first centers.
    """

    def __init__(self, dim: int, classes: int, head: settings.Head, options: Options, seed: int) -> None:
        super().__init__()
        sizes = (dim, head.hidden, head.width, options.dropout, head.standardise)
        self.sketches, self.shapes = Head(*sizes), OfViews(Head(*sizes), "max")
        self.classifier = nn.Linear(head.width, classes)
        self.triplet_center = TripletCenter(classes, head.width, options.margin, seed=seed)
        self.options = options

    def players(self) -> dict[str, list[ParameterGroup]]:
        """Give the one player: networks and classifier, and the centers at a rate of their own."""
        options = self.options
        networks = [one for one in self.parameters() if one is not self.triplet_center.centers]
        return {
            "both": [
                ParameterGroup(networks, clip=options.clip),
                ParameterGroup([self.triplet_center.centers], options.centers_lr / options.lr, options.clip),
            ]
        }

    def updates(self, batch: PairBatch) -> Iterator[tuple[str, Tensor]]:
        """Yield the cross-entropy and the triplet-center loss over all items of both modalities."""
        embeddings = torch.cat([self.sketches(batch.sketches), self.shapes(batch.shapes)])
        labels = torch.cat([batch.sketch_labels, batch.shape_labels])
        loss = functional.cross_entropy(self.classifier(embeddings).float(), labels)
        yield "both", loss + self.options.weight * self.triplet_center(embeddings, labels)


def contend(task: Task, options: Options) -> Towers:
    """Train both modalities together."""
    inputs = task.inputs
    with task.seeded():
        method = Joint(task.dim, len(inputs.classes), task.run.head, options, task.seed).to(task.device)
    data = Pairs(inputs.train, inputs.shapes, sampler="random")
    seconds = task.fit(method, data, options, "tcl")
    return Towers(method.sketches, method.shapes, MEASURES[options.ranking], task.device, seconds)
