"""Point-to-subspace (DPSML-like): a shape is the subspace that its views span, a sketch is a point. [DPSML].

The full text of the publication was not at hand. Known from its title and from those who cite it is that
representative views of a shape span a subspace, that a sketch is a point, and that an improved center loss
acts on the distance of a point to a subspace. Everything else is inferred:

* A representative view is a weighted mean of the embedded views of a shape. There are `directions` of them,
  each with weights by a learned direction and a softmax over the views; their orthonormal basis is found by
  QR decomposition. All of it is trained together.
* A class has one learned center, a point of length 1. A sketch has the squared Euclidean distance to a
  center, a shape that of the center to its subspace. So both modalities come to the same centers. A center
  starts at the mean of its shapes' views: from a random point, which is nearly orthogonal to them, the
  distance to a subspace has nearly no slope.
* Improved means that the loss pulls to the own center and also holds the nearest other one further away by a
  margin.
* Retrieval ranks by the distance of the sketch, brought to length 1, to the subspace of each shape.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from sketchshape.config import run as settings
from sketchshape.config.run import RunSettings
from sketchshape.train.centers.class_centers import class_centers
from sketchshape.train.data.pairs import PairBatch
from sketchshape.train.engine.task import Task
from sketchshape.train.losses.subspace import improved_center_loss, point_to_subspace, span
from sketchshape.train.methods import Joint
from sketchshape.train.models.heads import Head
from sketchshape.train.models.retriever import Sizes
from sketchshape.train.models.views import EachView, draw_views

START = 64  # shapes of one pass before the training


@dataclass(frozen=True)
class Options(settings.StageSettings):
    """All values are chosen here.

    Args:
        epochs: passes over the training sketches.
        batch: sketches of a batch, beside half as many shapes.
        views: of each shape in a step, drawn at random; retrieval takes all.
        directions: of the subspace of a shape, at most `views`.
        margin: in squared distance; that of two centers is about 2, that of a center to a subspace at most 1.
    """

    epochs: int = 30
    batch: int = 64
    lr: float = 0.05
    schedule: str = "cosine"
    dropout: float = 0.3
    views: int = 6
    directions: int = 2
    margin: float = 1.0


class Points(nn.Module):
    """The network of sketches.

    Args:
        head: (B, dim) -> (B, D).
    """

    def __init__(self, head: Head) -> None:
        super().__init__()
        self.head = head

    def forward(self, sketches: Tensor) -> Tensor:
        """Embed sketches (B, dim) as points of length 1: (B, D) float32."""
        return functional.normalize(self.head(sketches).float(), dim=1)


class Subspaces(nn.Module):
    """The network of shapes.

    Args:
        head: of a view, (B, dim) -> (B, D).
        directions: K.
    """

    def __init__(self, head: Head, directions: int) -> None:
        super().__init__()
        self.views = EachView(head)
        self.choice = nn.Linear(head.width, directions)

    def forward(self, shapes: Tensor) -> Tensor:
        """Embed shapes (B, views, dim) as orthonormal bases (B, K, D) float32."""
        views = self.views(shapes).float()
        weights = self.choice(views).float().softmax(1)  # (B, views, K), over the views
        return span(weights.mT @ functional.normalize(views, dim=2))


class PointToSubspace(Joint):
    """Points and subspaces under the centers that they share."""

    options: Options
    likeness = "subspace"

    def __init__(self, run: RunSettings, sizes: Sizes, options: Options, seed: int) -> None:
        super().__init__(run, sizes, options, seed)
        head = run.head
        own = (head.hidden, head.width, options.dropout, head.standardise)
        self.sketches = Points(Head(sizes.sketch, *own))
        self.shapes: Subspaces = Subspaces(Head(sizes.shape, *own), options.directions)
        self.centers = nn.Parameter(torch.randn(sizes.classes, head.width) / head.width**0.5)

    @torch.no_grad()
    def start(self, task: Task) -> None:
        """Put the centers at the class means of what the network makes of the views before it has learned."""
        shapes = task.inputs.shapes
        parts = np.array_split(shapes.data, -(-len(shapes.data) // START))
        views = [self.shapes.views(torch.from_numpy(part).to(task.device)) for part in parts]
        rows = torch.cat([part.mean(1).float() for part in views]).cpu().numpy()
        means = class_centers(rows, shapes.labels, task.inputs.classes, "unit-mean")
        self.centers.copy_(torch.from_numpy(means))

    def loss(self, batch: PairBatch) -> Tensor:
        """Give the improved center loss of sketches plus that of shapes."""
        centers, margin = functional.normalize(self.centers, dim=1), self.options.margin
        to_points = 2 - 2 * self.sketches(batch.sketches) @ centers.T
        seen = self.shapes(draw_views(batch.shapes, self.options.views))
        to_subspaces = point_to_subspace(centers, seen).T
        return improved_center_loss(to_points, batch.sketch_labels, margin) + improved_center_loss(
            to_subspaces, batch.shape_labels, margin
        )
