"""SL: classification with tight centers of the shapes, then of the sketches pulled to those centers [SL].

The closest relative of CGN. The publication also splits a class into clusters of alike shapes; here, as in
CGN, a class has one center, the mean of its shapes' embeddings, each brought to length 1 (ours).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from sketchshape.config import run as settings
from sketchshape.config.run import RunSettings
from sketchshape.files import digest
from sketchshape.train.centers.class_centers import class_centers
from sketchshape.train.data.items import Batch, Items
from sketchshape.train.engine.distributed import world
from sketchshape.train.engine.method import Method
from sketchshape.train.engine.task import Task
from sketchshape.train.losses.guidance import guidance_loss
from sketchshape.train.losses.triplet_center import TripletCenter
from sketchshape.train.methods import Compared
from sketchshape.train.models.encoder import Encoder, Normalised
from sketchshape.train.models.pair import new_pair
from sketchshape.train.models.retriever import Sizes, embed
from sketchshape.train.models.seeded import seeded


@dataclass(frozen=True)
class Options(settings.StageSettings):
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


class Shapes(Method[Batch]):
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

    def loss(self, batch: Batch) -> Tensor:
        """Give the sum of both losses."""
        embeddings = self.encoder(batch.inputs)
        loss = functional.cross_entropy(self.classifier(embeddings).float(), batch.labels)
        tight: Tensor = self.triplet_center(embeddings, batch.labels)
        return loss + self.options.tight * tight


class Sketches(Method[Batch]):
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

    def loss(self, batch: Batch) -> Tensor:
        """Give the sum of both losses; without a push, guidance is the distance to the own center."""
        embeddings = self.encoder(batch.inputs)
        loss = functional.cross_entropy(self.classifier(embeddings).float(), batch.labels)
        distance = guidance_loss(embeddings, batch.labels, self.centers, weight=0.0)
        return loss + self.options.pull * distance


class SL(Compared):
    """Encoders as CGN has them, trained one after the other."""

    options: Options
    sketches: Normalised
    shapes: Normalised

    def __init__(self, run: RunSettings, sizes: Sizes, options: Options, seed: int) -> None:
        super().__init__(run, sizes, options, seed)
        teacher = replace(run.teacher, modality="shape", dropout=options.dropout)
        student = replace(run.student, dropout=options.dropout)
        own = replace(run, teacher=teacher, student=student)
        pair = new_pair(own, sizes, seed, torch.device("cpu"))
        self.sketches, self.shapes = Normalised(pair.sketches), Normalised(pair.shapes)

    def learn(self, task: Task) -> dict[str, float]:
        """Train the shapes, take their class centers, and train the sketches."""
        options, inputs = self.options, task.inputs
        with seeded(self.seed):
            shapes = Shapes(self.shapes.encoder, len(inputs.classes), options, self.seed).to(task.device)
        first = task.fit(shapes, Items(inputs.shapes.data, inputs.shapes.labels), options, "shapes")
        embeddings = embed(self.shapes, inputs.shapes.data, task.device)
        own = class_centers(embeddings, inputs.shapes.labels, inputs.classes, "unit-mean")
        centers = world().of_first(own)
        with seeded(self.seed):
            sketches = Sketches(self.sketches.encoder, torch.from_numpy(centers), options).to(task.device)
        data = Items(inputs.train.data, inputs.train.labels, variants=True)
        second = task.fit(sketches, data, options, "sketches", digest(centers.tobytes()))
        return {"shapes": first.seconds, "sketches": second.seconds}
