"""DCML: two deep networks under one contrastive metric within and across the modalities. [DCML]."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from sketchshape.config import run as settings
from sketchshape.config.run import RunSettings
from sketchshape.train.data.pairs import PairBatch
from sketchshape.train.losses.contrastive import four_term_loss
from sketchshape.train.methods import Joint
from sketchshape.train.models.heads import mlp
from sketchshape.train.models.retriever import Sizes
from sketchshape.train.models.views import OfViews

HIDDEN = 2  # place of the 1000-d layer in both networks; 0 is what prepares the input


@dataclass(frozen=True)
class Options(settings.StageSettings):
    """The published values but for those that are named here.

    The networks have the published widths and sigmoids, with a batch-norm before each, without which they
    hardly learn from these features. Where the paper draws pairs, all of a batch count but for those of two
    classes that are far enough apart: see `sketchshape.train.losses.contrastive.within_loss`.

    Args:
        epochs: passes over the training sketches.
        batch: sketches of a batch; 30 in the paper. A large one has more pairs of classes that are alike.
        schedule: the paper does not say.
        margin: in squared distance; 3 in the paper. After batch-norm two random outputs are at about 9; with
            a much larger margin classes fall together before they are told apart.
        per_class: sketches, and shapes too, of each class in a batch, so that it has pairs of one class.
    """

    epochs: int = 20
    batch: int = 150
    lr: float = 0.01
    schedule: str = "cosine"
    margin: float = 10.0
    per_class: int = 2


class DCML(Joint):
    """The two networks, and the loss of their outputs."""

    options: Options
    likeness = "euclidean"

    def __init__(self, run: RunSettings, sizes: Sizes, options: Options, seed: int) -> None:
        super().__init__(run, sizes, options, seed)
        self.sketches = _network((sizes.sketch, 2000, 1000, 100), options)
        self.shapes: OfViews = OfViews(_network((sizes.shape, 2000, 1000, 500, 100), options))

    @property
    def margins(self) -> dict[int, float]:
        """The margin of each layer that has a loss; -1 is the output."""
        return {-1: self.options.margin}

    def loss(self, batch: PairBatch) -> Tensor:
        """Give the sum of the four terms of each layer that has a margin."""
        sketches = _layers(self.sketches, batch.sketches)
        shapes = _layers(self.shapes.network, self.shapes.join(batch.shapes))
        terms = [
            four_term_loss(sketches[layer], batch.sketch_labels, shapes[layer], batch.shape_labels, margin)
            for layer, margin in self.margins.items()
        ]
        return sum(terms[1:], terms[0])


def _network(sizes: tuple[int, ...], options: Options) -> nn.Sequential:
    return mlp(sizes, nn.Sigmoid, last=True, norm=True, dropout=options.dropout)


def _layers(network: nn.Module, rows: Tensor) -> list[Tensor]:
    """Give the output of every layer."""
    outputs = []
    for layer in network.children():
        rows = layer(rows)
        outputs.append(rows)
    return outputs
