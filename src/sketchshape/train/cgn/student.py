"""The student: transfer of one modality to the centers that the teacher found in the other."""

from __future__ import annotations

import torch
from torch import Tensor

from sketchshape.config import run as settings
from sketchshape.files import digest
from sketchshape.metrics import evaluate
from sketchshape.train.cgn.lessons import learning
from sketchshape.train.data.items import Batch
from sketchshape.train.engine.fit import Validate
from sketchshape.train.engine.method import Method
from sketchshape.train.engine.task import Task
from sketchshape.train.losses.am_softmax import AMSoftmax
from sketchshape.train.losses.guidance import check_push, guidance_loss
from sketchshape.train.models.encoder import Encoder, ParameterGroup
from sketchshape.train.models.retriever import Retriever
from sketchshape.types import F32


class Student(Method[Batch]):
    """Guidance towards fixed class centers. [CGN] section 3.3.

    Classification beside it, where it is asked for, is not of this paper.

    Args:
        encoder: of the learning modality.
        centers: (N, D) of the teacher, D the width of the encoder's embedding.
        options: weight, away, classification and backbone_lr are used.
        seed: of the first weights of its own classifier.

    Raises:
        ValueError: the centers do not fit the encoder, or an option is out of its range.
    """

    centers: Tensor

    def __init__(
        self, encoder: Encoder, centers: Tensor, options: settings.StudentSettings, *, seed: int = 0
    ) -> None:
        super().__init__()
        width = encoder.head.width
        if centers.ndim != 2 or centers.shape[1] != width:
            raise ValueError(f"centers have shape {tuple(centers.shape)}, expected (N, {width})")
        check_push(len(centers), options.weight, options.away)
        self.encoder, self.options = encoder, options
        self.register_buffer("centers", centers.detach().clone().float())
        self.classifier = AMSoftmax(len(centers), width, seed=seed) if options.classification else None

    def groups(self) -> list[ParameterGroup]:
        """List the parameters of encoder and, if there is one, classifier."""
        groups = self.encoder.groups(self.options.backbone_lr)
        if self.classifier is not None:
            groups.append(ParameterGroup(list(self.classifier.parameters())))
        return groups

    def loss(self, batch: Batch) -> Tensor:
        """Give the guidance loss, plus the weighted classification loss."""
        embeddings = self.encoder(batch.inputs)
        loss = guidance_loss(embeddings, batch.labels, self.centers, self.options.weight, self.options.away)
        if self.classifier is not None:
            loss = loss + self.options.classification * self.classifier(embeddings, batch.labels)
        return loss


def train_student(task: Task, encoder: Encoder, centers: F32, validate: Validate | None = None) -> float:
    """Train the student.

    Args:
        task: settings, data, seed.
        encoder: of the learning modality, fresh; changed in place.
        centers: (N, D) of the teacher.
        validate: called after each epoch.

    Returns:
        The seconds that it took.
    """
    options = task.run.student
    student = Student(encoder, torch.from_numpy(centers), options, seed=task.seed).to(task.device)
    items, key = learning(task.inputs, task.run), digest(centers.tobytes())
    return task.fit(student, items, options, "student", key, validate).seconds


def validation(task: Task, retriever: Retriever) -> Validate | None:
    """Rank shapes, which are fixed by now, for the sketches held out of training; None where there are none.

    Args:
        task: whose validation part asks.
        retriever: with a trained encoder of shapes.
    """
    held, gallery = task.inputs.validation, task.inputs.validation_gallery
    if not len(held) or task.run.teacher.modality == "sketch":
        return None
    shapes = retriever.embed_shapes(gallery.data)

    def validate() -> dict[str, float]:
        ranked = retriever.join(shapes, gallery.lines)
        scores = evaluate(retriever.embed_sketches(held.data) @ ranked.T, held.labels, gallery.labels)
        return {"val_map": scores.map, "val_nn": scores.nn}

    return validate
