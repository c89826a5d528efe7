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

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from sketchshape.config import run as settings
from sketchshape.train.centers.class_centers import class_centers
from sketchshape.train.data.inputs import Part
from sketchshape.train.data.pairs import PairBatch, Pairs
from sketchshape.train.losses import improved_center_loss, point_to_subspace, span
from sketchshape.train.methods._base import Task, Towers
from sketchshape.train.models.encoder import ParameterGroup
from sketchshape.train.models.heads import Head
from sketchshape.train.models.views import EachView, draw_views
from sketchshape.types import F32

START = 64  # shapes of one pass before the training


@dataclass(frozen=True)
class Options(settings.Stage):
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


class CommonCenters(nn.Module):
    """Points and subspaces under the centers that they share.

    Args:
        dim: width of the features.
        classes: number of classes.
        head: of the run, the same for all methods.
        options: of the method.
    """

    def __init__(self, dim: int, classes: int, head: settings.Head, options: Options) -> None:
        super().__init__()
        sizes = (dim, head.hidden, head.width, options.dropout, head.standardise)
        self.sketches, self.shapes = Points(Head(*sizes)), Subspaces(Head(*sizes), options.directions)
        self.centers = nn.Parameter(torch.randn(classes, head.width) / head.width**0.5)
        self.options = options

    @torch.no_grad()
    def start_centers(self, shapes: Part, classes: Sequence[str], device: torch.device) -> None:
        """Put the centers at the class means of what the network makes of the views before it has learned.

        Args:
            shapes: of training, of every class.
            classes: their names.
            device: where the network is.
        """
        parts = np.array_split(shapes.data, -(-len(shapes.data) // START))
        rows = [self.shapes.views(torch.from_numpy(part).to(device)).mean(1).float() for part in parts]
        means = class_centers(torch.cat(rows).cpu().numpy(), shapes.labels, classes)
        self.centers.copy_(torch.from_numpy(means))

    def players(self) -> dict[str, list[ParameterGroup]]:
        """Give the one player: networks and centers."""
        return {"subspace": [ParameterGroup(list(self.parameters()))]}

    def updates(self, batch: PairBatch) -> Iterator[tuple[str, Tensor]]:
        """Yield the improved center loss of sketches plus that of shapes."""
        centers = functional.normalize(self.centers, dim=1)
        to_points = 2 - 2 * self.sketches(batch.sketches) @ centers.T
        to_subspaces = point_to_subspace(centers, self.shapes(draw_views(batch.shapes, self.options.views))).T
        margin = self.options.margin
        yield (
            "subspace",
            improved_center_loss(to_points, batch.sketch_labels, margin)
            + improved_center_loss(to_subspaces, batch.shape_labels, margin),
        )


def contend(task: Task, options: Options) -> Towers:
    """Train both modalities together; a sketch is compared with the subspaces of the shapes."""
    inputs = task.inputs
    with task.seeded():
        method = CommonCenters(task.dim, len(inputs.classes), task.run.head, options).to(task.device)
        method.start_centers(inputs.shapes, inputs.classes, task.device)
    seconds = task.fit(method, Pairs(inputs.train, inputs.shapes, sampler="random"), options, "subspace")
    return Towers(method.sketches, method.shapes, nearness, task.device, seconds)


def nearness(sketches: F32, shapes: F32) -> F32:
    """Give minus the distance of sketches (Q, D) to subspaces with bases (G, K, D): (Q, G) float32."""
    points = functional.normalize(torch.from_numpy(sketches), dim=1)
    near: F32 = -point_to_subspace(points, torch.from_numpy(shapes)).sqrt().numpy()
    return near
