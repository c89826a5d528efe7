"""Center softmax: the teacher of CGN, and a student that is classified by its fixed centers.

Where CGN pulls to one center and pushes equally from all others, the cross-entropy pushes from those that
are near. A method of our own, for comparison.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from sketchshape.config import run as settings
from sketchshape.config.run import RunSettings
from sketchshape.files import digest
from sketchshape.train.cgn.lessons import learning, swapped
from sketchshape.train.cgn.student import Student
from sketchshape.train.cgn.teacher import find_centers, train_teacher
from sketchshape.train.data.items import Batch
from sketchshape.train.engine.task import Task
from sketchshape.train.losses.am_softmax import am_softmax_loss
from sketchshape.train.methods import Compared
from sketchshape.train.models.encoder import Encoder, Normalised
from sketchshape.train.models.pair import in_roles, new_pair
from sketchshape.train.models.retriever import Sizes


@dataclass(frozen=True)
class Options:
    """How sharp the classification is; the teacher and the rest of the student are those of the run.

    Args:
        scale: s of AM-softmax.
        margin: m of AM-softmax.
    """

    scale: float = 15.0
    margin: float = 0.2


class SoftmaxStudent(Student):
    """AM-softmax [AMS] with the class centers as weights that stay as they are.

    Args:
        encoder: of the learning modality.
        centers: (N, D) of the teacher.
        stage: backbone_lr is used.
        options: scale and margin.
    """

    def __init__(
        self, encoder: Encoder, centers: Tensor, stage: settings.StudentSettings, options: Options
    ) -> None:
        super().__init__(encoder, centers, replace(stage, weight=0.0, classification=0.0))
        self.scale, self.margin = options.scale, options.margin

    def loss(self, batch: Batch) -> Tensor:
        """Give the classification loss."""
        embeddings = self.encoder(batch.inputs)
        return am_softmax_loss(embeddings, batch.labels, self.centers, self.scale, self.margin)


class CenterSoftmax(Compared):
    """The encoders of CGN and its teacher, with another student."""

    options: Options
    sketches: Normalised
    shapes: Normalised

    def __init__(self, run: RunSettings, sizes: Sizes, options: Options, seed: int) -> None:
        super().__init__(run, sizes, options, seed)
        pair = new_pair(run, sizes, seed, torch.device("cpu"))
        self.sketches, self.shapes = Normalised(pair.sketches), Normalised(pair.shapes)

    def learn(self, task: Task) -> dict[str, float]:
        """Train the teacher, take its class centers, and train the student on them."""
        if task.run.teacher.modality == "sketch":
            task = replace(task, inputs=swapped(task.inputs))
        teaching, guided = in_roles(self.shapes.encoder, self.sketches.encoder, task.run)
        teacher, seconds = train_teacher(task, teaching)
        centers = find_centers(task, teacher)
        stage = task.run.student
        student = SoftmaxStudent(guided, torch.from_numpy(centers), stage, self.options)
        key = digest(vars(self.options), centers.tobytes())
        learned = task.fit(student.to(task.device), learning(task.inputs, task.run), stage, "student", key)
        return {"teacher": seconds, "student": learned.seconds}
