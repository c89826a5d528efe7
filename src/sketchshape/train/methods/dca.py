"""DCA: a metric for each modality, then an adversarial transformation of sketches to shapes. [DCA].

First each modality learns alone to hold its classes apart. Those networks are then fixed, and a
transformation takes the embeddings of sketches to those of shapes: a discriminator learns to tell the two
apart, which the transformation learns to prevent, while it keeps sketches by the shapes of their class.

Both stages use SGD as all methods here, where the publication has Adam. Batch-norm, which the publication
does not mention, makes that work.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from sketchshape.config import run as settings
from sketchshape.config.run import RunSettings
from sketchshape.datasets.parts import Part
from sketchshape.files import digest
from sketchshape.train.data.pairs import PairBatch, Pairs
from sketchshape.train.engine.method import Method, Turn
from sketchshape.train.engine.task import Task
from sketchshape.train.losses.class_means import class_mean_loss
from sketchshape.train.losses.triplet import batch_hard_loss
from sketchshape.train.methods import Compared
from sketchshape.train.models.encoder import ParameterGroup
from sketchshape.train.models.heads import mlp
from sketchshape.train.models.retriever import Sizes, embed
from sketchshape.train.models.views import OfViews

WIDTHS = (1024, 512, 256, 128)
BETWEEN = (64, 32, 64)  # of the transformation
JUDGE = 64


@dataclass(frozen=True)
class Options(settings.StageSettings):
    """The published values but for those that are named here.

    Args:
        epochs: passes over the training sketches, in each of the two stages.
        batch: sketches of a batch; 48 in the paper.
        lr: for SGD; the paper has 1e-4 for Adam.
        schedule: the paper does not say.
        dropout: the paper does not say.
        per_class: sketches of each class in a batch; 16 of 3 classes in the paper. With few classes in one,
            the hardest shape of another class is not hard.
        shapes_per_class: shapes of each class in a batch; 4 in the paper.
        margin: of both triplet losses, in Euclidean distance.
        adversarial: weight of what fools the discriminator; the paper does not say, nor of the next.
        means: weight of the distance between the means of a class.
    """

    epochs: int = 20
    batch: int = 150
    lr: float = 0.03
    schedule: str = "cosine"
    dropout: float = 0.3
    per_class: int = 2
    shapes_per_class: int = 2
    margin: float = 5.0
    adversarial: float = 1.0
    means: float = 1.0


class Metrics(Method[PairBatch]):
    """The first step: a network for each modality, which learn side by side and share nothing.

    Args:
        sizes: widths of the features.
        options: of the method.
    """

    def __init__(self, sizes: Sizes, options: Options) -> None:
        super().__init__()
        widths = (sizes.sketch, *WIDTHS), (sizes.shape, *WIDTHS)
        networks = [mlp(one, norm=True, dropout=options.dropout) for one in widths]
        self.sketches = nn.Sequential(networks[0], nn.Tanh())
        self.shapes = OfViews(nn.Sequential(networks[1], nn.Tanh()))
        self.margin = options.margin

    def loss(self, batch: PairBatch) -> Tensor:
        """Give the batch-hard triplet losses of both modalities."""
        sketches, labels = self.sketches(batch.sketches), batch.sketch_labels
        loss = batch_hard_loss(sketches, labels, sketches, labels, self.margin)
        shapes, labels = self.shapes(batch.shapes), batch.shape_labels
        return loss + batch_hard_loss(shapes, labels, shapes, labels, self.margin)


class Transfer(Method[PairBatch]):
    """The second step, on the embeddings of the first: a transformation against a discriminator.

    Args:
        options: of the method.
    """

    def __init__(self, options: Options) -> None:
        super().__init__()
        width = WIDTHS[-1]
        transform = mlp((width, *BETWEEN, width), norm=True, standardise=False)
        self.transform = nn.Sequential(transform, nn.Tanh())
        self.judge = mlp((width, JUDGE, 1), standardise=False)
        self.options = options
        self._moved = torch.empty(0)

    def turns(self) -> list[Turn[PairBatch]]:
        """Let the discriminator learn first, then the transformation against what it has learned."""
        judge, transform = ([ParameterGroup(list(one.parameters()))] for one in (self.judge, self.transform))
        return [Turn("judge", self.judged, judge), Turn("transform", self.loss, transform)]

    def judged(self, batch: PairBatch) -> Tensor:
        """Give what the discriminator confuses."""
        self._moved = self.transform(batch.sketches)  # both turns see one pass, as batch-norm counts them
        moved = self._moved.detach()
        return _taken_for(self.judge(batch.shapes[:, 0]), 1.0) + _taken_for(self.judge(moved), 0.0)

    def loss(self, batch: PairBatch) -> Tensor:
        """Give what the transformation has to lower."""
        options, moved = self.options, self._moved
        pairs = (moved, batch.sketch_labels, batch.shapes[:, 0], batch.shape_labels)
        return (
            batch_hard_loss(*pairs, options.margin)
            + options.adversarial * _taken_for(self.judge(moved), 1.0)
            + options.means * class_mean_loss(*pairs)
        )


class DCA(Compared):
    """Both steps; transformed sketches and shapes are compared by their Euclidean distance."""

    options: Options
    likeness = "euclidean"

    def __init__(self, run: RunSettings, sizes: Sizes, options: Options, seed: int) -> None:
        super().__init__(run, sizes, options, seed)
        self.metrics, self.transfer = Metrics(sizes, options), Transfer(options)
        self.sketches = nn.Sequential(self.metrics.sketches, self.transfer.transform)
        self.shapes = self.metrics.shapes

    def learn(self, task: Task) -> dict[str, float]:
        """Train the metrics, then the transformation on their embeddings."""
        options, sketches, shapes = self.options, task.inputs.train, task.inputs.shapes
        first = task.fit(self.metrics, self._pairs(sketches, shapes), options, "metrics")
        variants = range(sketches.data.shape[1])
        network = self.metrics.sketches
        points = np.stack([embed(network, sketches.data[:, one], task.device) for one in variants], 1)
        places = embed(self.metrics.shapes, shapes.data, task.device)[:, None]
        data = self._pairs(replace(sketches, data=points), replace(shapes, data=places))
        key = digest(points.tobytes(), places.tobytes())
        second = task.fit(self.transfer, data, options, "transfer", key)
        return {"metrics": first.seconds, "transfer": second.seconds}

    def _pairs(self, sketches: Part, shapes: Part) -> Pairs:
        per_class = (self.options.per_class, self.options.shapes_per_class)
        return Pairs(sketches, shapes, per_class=per_class)


def _taken_for(scores: Tensor, kind: float) -> Tensor:
    """Give the cross-entropy of scores for being shapes (1) or transformed sketches (0)."""
    return functional.binary_cross_entropy_with_logits(scores, torch.full_like(scores, kind))
