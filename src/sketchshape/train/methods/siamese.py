"""Siamese: two networks under a contrastive loss; a shape is as near as its nearest view. [Siamese].

The publication trains two small convolutional networks from nothing on pictures of 100 x 100 pixels. Here
all methods start from the same frozen features, so these networks are fully connected ones on the features
of a sketch and of a view: one hidden layer, and the published 64 outputs with ReLU.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from sketchshape.config import run as settings
from sketchshape.config.run import RunSettings
from sketchshape.train.data.pairs import PairBatch
from sketchshape.train.losses.contrastive import Exponential, across_loss, within_loss
from sketchshape.train.methods import Joint
from sketchshape.train.models.heads import mlp
from sketchshape.train.models.retriever import Sizes
from sketchshape.train.models.views import EachView, draw_views

WIDTH = 64


@dataclass(frozen=True)
class Options(settings.StageSettings):
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


class Siamese(Joint):
    """A network for sketches and one for views, which share no weights."""

    options: Options
    likeness = "nearest_view"

    def __init__(self, run: RunSettings, sizes: Sizes, options: Options, seed: int) -> None:
        super().__init__(run, sizes, options, seed)
        self.sketches = _network((sizes.sketch, run.head.hidden, WIDTH), options)
        self.shapes = EachView(_network((sizes.shape, run.head.hidden, WIDTH), options))
        self.pair_loss = Exponential(options.near, options.far, options.rate)

    def loss(self, batch: PairBatch) -> Tensor:
        """Give the sum of the losses across, within sketches and within views."""
        seen = draw_views(batch.shapes, self.options.views)
        sketches, views = self.sketches(batch.sketches), self.shapes(seen).flatten(0, 1)
        view_labels = batch.shape_labels.repeat_interleave(seen.shape[1])
        return (
            across_loss(sketches, batch.sketch_labels, views, view_labels, self.pair_loss, norm=1)
            + within_loss(sketches, batch.sketch_labels, self.pair_loss, norm=1)
            + within_loss(views, view_labels, self.pair_loss, norm=1)
        )


def _network(sizes: tuple[int, ...], options: Options) -> nn.Sequential:
    network = mlp(sizes, last=True, norm=True, dropout=options.dropout)
    norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm1d)]
    nn.init.constant_(norms[-1].weight, options.start)
    return network
