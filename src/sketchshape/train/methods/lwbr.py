"""LWBR: the views of a shape are joined to their Wasserstein barycenter. [LWBR].

Known is that the deep features of the views are histograms whose barycenter stands for the shape, ahead of a
metric network with the four contrastive terms. What the bins are, and what it costs to move between them, is
inferred, in a form that fits on a small machine:

* The first layer of the shape's network, which the sketch's has not, sees each view alone. Its outputs,
  after a softmax, are the histogram of a view. The 2000 outputs that are published would cost hundreds of
  times as much in the barycenter; `bins` has fewer.
* Bins are points that divide a line, and the cost is their squared distance. What a bin stands for is
  learned, so the layer can put alike things in bins that are near.
* The barycenter is entropic, by a fixed number of iterations through which the gradient flows. Its
  logarithms go into the rest of the network: 2000-1000-500-256, as that of sketches.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from sketchshape.config import run as settings
from sketchshape.config.run import RunSettings
from sketchshape.train.data.pairs import PairBatch
from sketchshape.train.losses.barycenter import line_cost, wasserstein_barycenter
from sketchshape.train.losses.contrastive import four_term_loss
from sketchshape.train.methods import Joint
from sketchshape.train.models.heads import mlp
from sketchshape.train.models.retriever import Sizes
from sketchshape.train.models.views import EachView

WIDTHS = (2000, 1000, 500, 256)


@dataclass(frozen=True)
class Options(settings.StageSettings):
    """The published values but for those that are named here.

    As in DCML, a batch-norm stands before each sigmoid, and the same pairs of a batch count.

    Args:
        epochs: passes over the training sketches.
        batch: sketches of a batch; 30 in the paper.
        lr: 1e-3 in the paper.
        schedule: the paper does not say.
        margin: in squared distance.
        per_class: sketches, and shapes too, of each class in a batch, so that it has pairs of one class.
        bins: of the histogram of a view.
        reach: bins from which on all are equally far.
        blur: weight of the entropy, at a largest cost of 1; at least 1/60.
        iterations: of the barycenter.
    """

    epochs: int = 15
    batch: int = 150
    lr: float = 0.01
    schedule: str = "cosine"
    margin: float = 20.0
    per_class: int = 2
    bins: int = 128
    reach: int = 8
    blur: float = 0.02
    iterations: int = 5


class Barycentric(nn.Module):
    """The network of shapes: histograms of views, their barycenter, and an embedding of that.

    Args:
        dim: width of the features.
        options: of the method.
    """

    cost: Tensor

    def __init__(self, dim: int, options: Options) -> None:
        super().__init__()
        self.views = EachView(mlp((dim, options.bins), norm=True, dropout=options.dropout))
        self.network = mlp((options.bins, *WIDTHS), nn.Sigmoid, last=True, norm=True)
        self.register_buffer("cost", line_cost(options.bins, options.reach), persistent=False)
        self.blur, self.iterations = options.blur, options.iterations

    def forward(self, shapes: Tensor) -> Tensor:
        """Embed shapes (B, views, dim): (B, D)."""
        views = self.views(shapes).float().log_softmax(2)
        joined = wasserstein_barycenter(views, self.cost, self.blur, self.iterations)
        embeddings: Tensor = self.network(joined)
        return embeddings


class LWBR(Joint):
    """A network for sketches and one for shapes."""

    options: Options
    likeness = "euclidean"

    def __init__(self, run: RunSettings, sizes: Sizes, options: Options, seed: int) -> None:
        super().__init__(run, sizes, options, seed)
        widths = (sizes.sketch, *WIDTHS)
        self.sketches = mlp(widths, nn.Sigmoid, last=True, norm=True, dropout=options.dropout)
        self.shapes = Barycentric(sizes.shape, options)

    def loss(self, batch: PairBatch) -> Tensor:
        """Give the four terms."""
        sketches, shapes = self.sketches(batch.sketches), self.shapes(batch.shapes)
        margin = self.options.margin
        return four_term_loss(sketches, batch.sketch_labels, shapes, batch.shape_labels, margin)
