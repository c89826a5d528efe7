"""Siamese: two networks under a contrastive loss; a shape is as near as its nearest view. [Siamese].

The publication trains two small convolutional networks from nothing on pictures of 100 x 100 pixels. Here
all methods start from the same frozen features, so these networks are fully connected ones on the features
of a sketch and of a view: one hidden layer, and the published 64 outputs with ReLU.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from sketchshape.config import run as settings
from sketchshape.train.data.pairs import PairBatch, Pairs
from sketchshape.train.losses import Exponential, across_loss, within_loss
from sketchshape.train.methods._base import Task, Towers
from sketchshape.train.models.encoder import ParameterGroup
from sketchshape.train.models.heads import mlp
from sketchshape.train.models.views import EachView, draw_views
from sketchshape.types import F32

WIDTH = 64


@dataclass(frozen=True)
class Options(settings.Stage):
    """The published values but for those that are named here.

    Every pair of a batch counts, where the paper draws some.

    Args:
        epochs: passes over the training sketches.
        batch: sketches of a batch; 50 in the paper.
        lr: 1e-4 in the paper, for its convolutions.
        schedule: the paper does not say.
        per_class: sketches, and shapes too, of each class in a batch, so that it has pairs of one class.
        views: of each shape in a step, drawn at random; the paper has only two, at fixed places.
        near: weight of the squared distance of a pair of one class.
        far: weight of the exponential of a pair of two classes.
        rate: how fast that falls with the distance.
        start: deviation of the first outputs before the ReLU. At 0.1 two of them are a few units apart, as
            far as `rate` reaches; at 1 the first steps push all outputs below the ReLU, for good.
    """

    epochs: int = 30
    batch: int = 60
    lr: float = 0.01
    schedule: str = "cosine"
    per_class: int = 2
    views: int = 2
    near: float = 0.2
    far: float = 10.0
    rate: float = 0.277
    start: float = 0.1


class Siamese(nn.Module):
    """A network for sketches and one for views, which share no weights.

    Args:
        dim: width of the features.
        hidden: width of the hidden layer.
        options: of the method.
    """

    def __init__(self, dim: int, hidden: int, options: Options) -> None:
        super().__init__()
        self.sketches = _network((dim, hidden, WIDTH), options)
        self.shapes = EachView(_network((dim, hidden, WIDTH), options))
        self.loss = Exponential(options.near, options.far, options.rate)
        self.options = options

    def players(self) -> dict[str, list[ParameterGroup]]:
        """Give the one player: both networks."""
        return {"siamese": [ParameterGroup(list(self.parameters()))]}

    def updates(self, batch: PairBatch) -> Iterator[tuple[str, Tensor]]:
        """Yield the sum of the losses across, within sketches and within views."""
        seen = draw_views(batch.shapes, self.options.views)
        sketches, views = self.sketches(batch.sketches), self.shapes(seen).flatten(0, 1)
        view_labels = batch.shape_labels.repeat_interleave(seen.shape[1])
        yield (
            "siamese",
            across_loss(sketches, batch.sketch_labels, views, view_labels, self.loss, norm=1)
            + within_loss(sketches, batch.sketch_labels, self.loss, norm=1)
            + within_loss(views, view_labels, self.loss, norm=1),
        )


def contend(task: Task, options: Options) -> Towers:
    """Train both networks together; a sketch is compared with every view of a shape."""
    with task.seeded():
        method = Siamese(task.dim, task.run.head.hidden, options).to(task.device)
    per_class = (options.per_class, options.per_class)
    data = Pairs(task.inputs.train, task.inputs.shapes, sampler="classes", per_class=per_class)
    seconds = task.fit(method, data, options, "siamese")
    return Towers(method.sketches, method.shapes, nearest_view, task.device, seconds)


def nearest_view(sketches: F32, shapes: F32) -> F32:
    """Give minus the least L1 distance of sketches (Q, D) to any of the views (G, V, D): (Q, G) float32."""
    rows = torch.from_numpy(sketches)
    lengths = [
        torch.cdist(rows, torch.from_numpy(np.ascontiguousarray(shapes[:, view])), 1)
        for view in range(shapes.shape[1])
    ]
    nearest: F32 = -torch.stack(lengths).amin(0).numpy()
    return nearest


def _network(sizes: tuple[int, ...], options: Options) -> nn.Sequential:
    network = mlp(sizes, last=True, norm=True, dropout=options.dropout)
    norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm1d)]
    nn.init.constant_(norms[-1].weight, options.start)
    return network
