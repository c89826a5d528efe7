"""Center softmax: the teacher of CGN, and a student that is classified by its fixed centers.

Where CGN pulls to one center and pushes equally from all others, the cross-entropy pushes from those that
are near. A method of our own, for comparison.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor

from sketchshape.config import run as settings
from sketchshape.config.checks import within
from sketchshape.config.run import RunSettings
from sketchshape.errors import ConfigError
from sketchshape.files import digest
from sketchshape.runs.identity import differing
from sketchshape.train.cgn.lessons import learning, swapped
from sketchshape.train.cgn.student import Student, validation
from sketchshape.train.cgn.teacher import find_centers, train_teacher
from sketchshape.train.data.items import Batch
from sketchshape.train.engine.task import Task
from sketchshape.train.losses.am_softmax import am_softmax_loss
from sketchshape.train.methods import Compared
from sketchshape.train.methods._together import Together, seeds_of
from sketchshape.train.models.encoder import Encoder, Normalised
from sketchshape.train.models.pair import in_roles, new_pair
from sketchshape.train.models.retriever import Retriever, Sizes
from sketchshape.types import F32


@dataclass(frozen=True)
class Options:
    """How sharp the classification is; the teacher and the rest of the student are those of the run.

    Args:
        scale: s of AM-softmax.
        margin: m of AM-softmax.
        students: so many learn from the same teacher, each with a seed of its own; the embedding of a sketch
            is the mean of theirs.
    """

    scale: float = 15.0
    margin: float = 0.2
    students: int = 1


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
    sketches: Normalised | Together
    shapes: Normalised

    def __init__(self, run: RunSettings, sizes: Sizes, options: Options, seed: int) -> None:
        super().__init__(run, sizes, options, seed)
        within("options.students", options.students, 1, 16)
        if options.students > 1 and run.teacher.modality == "sketch":
            raise ConfigError(
                f"options.students is {options.students} and teacher.modality is 'sketch', but only sketches "
                "have several students: set one of them to 1 or 'shape'"
            )
        cpu = torch.device("cpu")
        pairs = [new_pair(run, sizes, one, cpu) for one in seeds_of(seed, options.students)]
        several = [Normalised(pair.sketches) for pair in pairs]
        self.sketches = Together(several) if len(several) > 1 else several[0]
        self.shapes = Normalised(pairs[0].shapes)

    def learn(self, task: Task) -> dict[str, float]:
        """Train the teacher, take its class centers, and train the students on them."""
        if task.run.teacher.modality == "sketch":
            task = replace(task, inputs=swapped(task.inputs))
        teaching, guided = in_roles([self.shapes.encoder], self._learners(), task.run)
        teacher, seconds = train_teacher(task, teaching[0])
        centers = find_centers(task, teacher)
        learned = [self._guide(task, encoder, centers, number) for number, encoder in enumerate(guided)]
        return {"teacher": seconds, "student": sum(learned)}

    def _learners(self) -> list[Encoder]:
        several = self.sketches.networks if isinstance(self.sketches, Together) else [self.sketches]
        return [cast(Normalised, network).encoder for network in several]

    def _guide(self, task: Task, encoder: Encoder, centers: F32, number: int) -> float:
        """Train a student, with a seed of its own."""
        stage, seed = task.run.student, seeds_of(task.seed, self.options.students)[number]
        student = SoftmaxStudent(encoder, torch.from_numpy(centers), stage, self.options)
        key = digest(differing(vars(self.options), vars(Options())), centers.tobytes())
        name = f"student-{number}" if number else "student"
        items, views = learning(task.inputs, task.run), task.run.views
        pair = Retriever(Normalised(encoder), self.shapes, task.device, line_weight=views.line_weight)
        check, own = validation(task, pair), replace(task, seed=seed)
        return own.fit(student.to(task.device), items, stage, name, key, check).seconds
