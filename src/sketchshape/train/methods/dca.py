"""DCA: a metric for each modality, then an adversarial transformation of sketches to shapes. [DCA].

First each modality learns alone to hold its classes apart. Those networks are then fixed, and a
transformation takes the embeddings of sketches to those of shapes: a discriminator learns to tell the two
apart, which the transformation learns to prevent, while it keeps sketches by the shapes of their class.

Both stages use SGD as all methods here, where the publication has Adam. Batch-norm, which the publication
does not mention, makes that work.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from sketchshape.config import run as settings
from sketchshape.files import digest
from sketchshape.train.data.pairs import PairBatch, Pairs
from sketchshape.train.losses import batch_hard_loss, class_mean_loss
from sketchshape.train.methods._base import Task, Towers, embed, euclidean
from sketchshape.train.models.encoder import ParameterGroup
from sketchshape.train.models.heads import mlp
from sketchshape.train.models.views import OfViews

WIDTHS = (1024, 512, 256, 128)
BETWEEN = (64, 32, 64)  # of the transformation
JUDGE = 64


@dataclass(frozen=True)
class Options(settings.Stage):
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


class Metrics(nn.Module):
    """The first stage: a network for each modality, which learn side by side and share nothing.

    Args:
        dim: width of the features.
        options: of the method.
    """

    def __init__(self, dim: int, options: Options) -> None:
        super().__init__()
        networks = [mlp((dim, *WIDTHS), norm=True, dropout=options.dropout) for _ in range(2)]
        self.sketches = nn.Sequential(networks[0], nn.Tanh())
        self.shapes = OfViews(nn.Sequential(networks[1], nn.Tanh()))
        self.margin = options.margin

    def players(self) -> dict[str, list[ParameterGroup]]:
        """Give the two players."""
        return {name: [ParameterGroup(list(network.parameters()))] for name, network in self.named_children()}

    def updates(self, batch: PairBatch) -> Iterator[tuple[str, Tensor]]:
        """Yield the batch-hard triplet loss of each modality."""
        sketches, labels = self.sketches(batch.sketches), batch.sketch_labels
        yield "sketches", batch_hard_loss(sketches, labels, sketches, labels, self.margin)
        shapes, labels = self.shapes(batch.shapes), batch.shape_labels
        yield "shapes", batch_hard_loss(shapes, labels, shapes, labels, self.margin)


class Transfer(nn.Module):
    """The second stage, on the embeddings of the first: a transformation against a discriminator.

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

    def players(self) -> dict[str, list[ParameterGroup]]:
        """Give the two players."""
        return {name: [ParameterGroup(list(network.parameters()))] for name, network in self.named_children()}

    def updates(self, batch: PairBatch) -> Iterator[tuple[str, Tensor]]:
        """Yield what the discriminator confuses, then what the transformation has to lower."""
        options, shapes = self.options, batch.shapes[:, 0]
        moved = self.transform(batch.sketches)
        yield "judge", _taken_for(self.judge(shapes), 1.0) + _taken_for(self.judge(moved.detach()), 0.0)
        pairs = (moved, batch.sketch_labels, shapes, batch.shape_labels)
        yield (
            "transform",
            batch_hard_loss(*pairs, options.margin)
            + options.adversarial * _taken_for(self.judge(moved), 1.0)
            + options.means * class_mean_loss(*pairs),
        )


def contend(task: Task, options: Options) -> Towers:
    """Train both stages; transformed sketches and shapes are compared by their Euclidean distance."""
    shapes, sketches = task.inputs.shapes, task.inputs.train
    per_class = (options.per_class, options.shapes_per_class)
    with task.seeded():
        metrics = Metrics(task.dim, options).to(task.device)
        transfer = Transfer(options).to(task.device)
    data = Pairs(sketches, shapes, sampler="classes", per_class=per_class)
    first = task.fit(metrics, data, options, "metrics")
    looks = range(sketches.data.shape[1])
    points = np.stack([embed(metrics.sketches, sketches.data[:, look], task.device) for look in looks], 1)
    places = embed(metrics.shapes, shapes.data, task.device)[:, None]
    parts = replace(sketches, data=points), replace(shapes, data=places)
    data = Pairs(*parts, sampler="classes", per_class=per_class)
    second = task.fit(transfer, data, options, "transfer", digest(points.tobytes(), places.tobytes()))
    network = nn.Sequential(metrics.sketches, transfer.transform)
    return Towers(network, metrics.shapes, euclidean, task.device, first + second)


def _taken_for(scores: Tensor, kind: float) -> Tensor:
    """Give the cross-entropy of scores for being shapes (1) or transformed sketches (0)."""
    return functional.binary_cross_entropy_with_logits(scores, torch.full_like(scores, kind))
