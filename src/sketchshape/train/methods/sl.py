"""SL: classification with tight centers of the shapes, then of the sketches pulled to those centers [SL].

The closest relative of CGN. The publication also splits a class into clusters of alike shapes; here, as in
CGN, a class has one center, the mean of its shapes' embeddings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from sketchshape.config import run as settings
from sketchshape.files import digest
from sketchshape.train.centers.class_centers import class_centers
from sketchshape.train.data.items import Batch, Items
from sketchshape.train.losses import TripletCenter, guidance_loss
from sketchshape.train.methods._base import Task
from sketchshape.train.methods._guided import Guided
from sketchshape.train.models.encoder import Encoder, ParameterGroup
from sketchshape.train.models.pair import new_pair


@dataclass(frozen=True)
class Options(settings.Stage):
    """The published values but for those that are named here.

    Args:
        epochs: passes over the shapes, and then over the sketches; 90 in the paper.
        batch: shapes or sketches of a batch.
        lr: for heads alone it is larger than in the paper, where backbones are trained.
        margin: of the triplet-center loss, in cosine.
        tight: weight of the triplet-center loss of shapes.
        pull: weight of the distance of a sketch to its center.
    """

    epochs: int = 40
    batch: int = 32
    lr: float = 0.01
    schedule: str = "cosine"
    dropout: float = 0.3
    margin: float = 1.5
    tight: float = 12.0
    pull: float = 28.0


class Shapes(nn.Module):
    """Cross-entropy and triplet-center loss of shapes, with centers that are learned.

    Args:
        encoder: of shapes.
        classes: number of classes.
        options: margin and tight are used.
        seed: of the first centers.
    """

    def __init__(self, encoder: Encoder, classes: int, options: Options, seed: int) -> None:
        super().__init__()
        width = encoder.head.width
        self.encoder, self.options = encoder, options
        self.classifier = nn.Linear(width, classes)
        self.triplet_center = TripletCenter(classes, width, options.margin, "cosine", seed)

    def players(self) -> dict[str, list[ParameterGroup]]:
        """Give the one player: encoder, classifier and centers."""
        return {"shapes": [ParameterGroup(list(self.parameters()))]}

    def updates(self, batch: Batch) -> Iterator[tuple[str, Tensor]]:
        """Yield the sum of both losses."""
        embeddings = self.encoder(batch.inputs)
        loss = functional.cross_entropy(self.classifier(embeddings).float(), batch.labels)
        yield "shapes", loss + self.options.tight * self.triplet_center(embeddings, batch.labels)


class Sketches(nn.Module):
    """Cross-entropy of sketches, and their cosine distance to the centers of the shapes.

    Args:
        encoder: of sketches.
        centers: (N, D), which stay as they are.
        options: pull is used.
    """

    centers: Tensor

    def __init__(self, encoder: Encoder, centers: Tensor, options: Options) -> None:
        super().__init__()
        self.encoder, self.options = encoder, options
        self.classifier = nn.Linear(encoder.head.width, len(centers))
        self.register_buffer("centers", centers)

    def players(self) -> dict[str, list[ParameterGroup]]:
        """Give the one player: encoder and classifier."""
        return {"sketches": [ParameterGroup(list(self.parameters()))]}

    def updates(self, batch: Batch) -> Iterator[tuple[str, Tensor]]:
        """Yield the sum of both losses; without a push, guidance is the distance to the own center."""
        embeddings = self.encoder(batch.inputs)
        loss = functional.cross_entropy(self.classifier(embeddings).float(), batch.labels)
        distance = guidance_loss(embeddings, batch.labels, self.centers, weight=0.0)
        yield "sketches", loss + self.options.pull * distance


def contend(task: Task, options: Options) -> Guided:
    """Train the shapes, take their class centers, and train the sketches; compared by their cosine."""
    inputs, run = task.inputs, task.run
    run = replace(
        run,
        teacher=replace(run.teacher, modality="shape", dropout=options.dropout),
        student=replace(run.student, dropout=options.dropout),
    )
    pair = new_pair(run, task.seed, task.device)
    with task.seeded():
        shapes = Shapes(pair.shapes, len(inputs.classes), options, task.seed).to(task.device)
    first = task.fit(shapes, Items(inputs.shapes.data, inputs.shapes.labels), options, "shapes")
    centers = class_centers(pair.embed_shapes(inputs.shapes.data), inputs.shapes.labels, inputs.classes)
    with task.seeded():
        sketches = Sketches(pair.sketches, torch.from_numpy(centers), options).to(task.device)
    data = Items(inputs.train.data, inputs.train.labels, variants=True)
    second = task.fit(sketches, data, options, "sketches", digest(centers.tobytes()))
    return Guided(pair, first + second)
