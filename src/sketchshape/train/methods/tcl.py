"""TCL: one classifier and one set of learned centers for both modalities [TCL]."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from sketchshape.config import run as settings
from sketchshape.config.run import RunSettings
from sketchshape.errors import ConfigError
from sketchshape.train.data.pairs import PairBatch
from sketchshape.train.losses.triplet_center import TripletCenter
from sketchshape.train.methods import Joint
from sketchshape.train.models.encoder import ParameterGroup
from sketchshape.train.models.heads import Head
from sketchshape.train.models.retriever import Sizes
from sketchshape.train.models.views import OfViews

MEASURES = ("cosine", "euclidean")


@dataclass(frozen=True)
class Options(settings.StageSettings):
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


class TCL(Joint):
    """A head for each modality, under a shared classifier and shared centers."""

    options: Options

    def __init__(self, run: RunSettings, sizes: Sizes, options: Options, seed: int) -> None:
        super().__init__(run, sizes, options, seed)
        head = run.head
        own = (head.hidden, head.width, options.dropout, head.standardise)
        self.sketches, self.shapes = Head(sizes.sketch, *own), OfViews(Head(sizes.shape, *own), "max")
        self.classifier = nn.Linear(head.width, sizes.classes)
        self.triplet_center = TripletCenter(sizes.classes, head.width, options.margin, seed=seed)

    @classmethod
    def way(cls, options: Options) -> str:
        """Rank as the options say."""
        return options.ranking

    def groups(self) -> list[ParameterGroup]:
        """List networks and classifier, and the centers at a rate of their own."""
        options, centers = self.options, self.triplet_center.centers
        networks = [one for one in self.parameters() if one is not centers]
        return [
            ParameterGroup(networks, clip=options.clip),
            ParameterGroup([centers], options.centers_lr / options.lr, options.clip),
        ]

    def loss(self, batch: PairBatch) -> Tensor:
        """Give the cross-entropy and the triplet-center loss over all items of both modalities."""
        embeddings = torch.cat([self.sketches(batch.sketches), self.shapes(batch.shapes)])
        labels = torch.cat([batch.sketch_labels, batch.shape_labels])
        loss = functional.cross_entropy(self.classifier(embeddings).float(), labels)
        held: Tensor = self.triplet_center(embeddings, labels)
        return loss + self.options.weight * held
