"""The teacher: classification of one modality, whose embedding gives the class centers."""

from __future__ import annotations

import torch
from torch import Tensor

from sketchshape.config import run as settings
from sketchshape.config import to_tree
from sketchshape.files import digest
from sketchshape.metrics.rows import unit
from sketchshape.train.centers.class_centers import class_centers
from sketchshape.train.centers.simplex import regular_simplex
from sketchshape.train.cgn.lessons import teaching
from sketchshape.train.data.items import Batch
from sketchshape.train.engine.distributed import world
from sketchshape.train.engine.method import Method
from sketchshape.train.engine.once import fit_once
from sketchshape.train.engine.task import Task
from sketchshape.train.losses.am_softmax import AMSoftmax
from sketchshape.train.models.encoder import Encoder, Normalised, ParameterGroup
from sketchshape.train.models.retriever import Retriever
from sketchshape.train.models.views import some_views
from sketchshape.types import F32


class Teacher(Method[Batch]):
    """AM-softmax classification of shapes, or of sketches when swapped. [CGN] section 3.2, Table 3.

    Random subsets of views and a classifier that is a simplex are ours.

    Args:
        encoder: of the teaching modality.
        classes: number of classes.
        options: scale, margin, views_min and backbone_lr are used.
        seed: of the first weights of the classifier.

    Raises:
        ConfigError: the classifier is a simplex, which has no corner for so many classes.
    """

    def __init__(
        self, encoder: Encoder, classes: int, options: settings.TeacherSettings, *, seed: int = 0
    ) -> None:
        super().__init__()
        self.encoder, self.options, width = encoder, options, encoder.head.width
        corners = None
        if options.classifier == "simplex":
            corners = regular_simplex(classes, width, torch.Generator().manual_seed(seed))
        self.classifier = AMSoftmax(classes, width, options.scale, options.margin, seed, fixed=corners)

    def groups(self) -> list[ParameterGroup]:
        """List the parameters of encoder and classifier."""
        classifier = ParameterGroup(list(self.classifier.parameters()))
        return [*self.encoder.groups(self.options.backbone_lr), classifier]

    def loss(self, batch: Batch) -> Tensor:
        """Give the classification loss."""
        inputs = batch.inputs
        if self.options.views_min and self.encoder.has_views(inputs):
            inputs = some_views(inputs, self.options.views_min)
        loss: Tensor = self.classifier(self.encoder(inputs), batch.labels)
        return loss


def train_teacher(task: Task, encoder: Encoder) -> tuple[Teacher, float]:
    """Train the teacher; where a task has trained the same one before, it is taken over.

    Args:
        task: settings, data, seed.
        encoder: of the teaching modality, fresh; changed in place.

    Returns:
        The teacher in evaluation mode, and the seconds that its training took.
    """
    run, classes = task.run, len(task.inputs.classes)
    teacher = Teacher(encoder, classes, run.teacher, seed=task.seed).to(task.device)
    network = to_tree(run.backbone), to_tree(run.head), run.views.pool, run.train.backbone, run.train.rotation
    # A teacher of shapes knows nothing of further words, so they do not make it another one.
    sizes = {name: size for name, size in vars(task.sizes).items() if name != "words"}
    key = digest(*network, sizes)
    taught = fit_once(task, teacher, teaching(task.inputs, run), run.teacher, "teacher", key)
    return teacher, taught.seconds


def find_centers(task: Task, teacher: Teacher) -> F32:
    """Give the class centers that a teacher found, as `teacher.centers` says. [CGN] section 3.2.

    Args:
        task: whose training items are averaged; of a sketch all its variants.
        teacher: trained.

    Returns:
        (N, D) float32: means of the embeddings of each class as the head gives them (mean, the paper) or of
        embeddings of length 1 (unit-mean), or the unit rows of the classifier; those of the first process in
        all of them.
    """
    return world().of_first(_own_centers(task, teacher))


def _own_centers(task: Task, teacher: Teacher) -> F32:
    kind, inputs = teacher.options.centers, task.inputs
    if kind == "classifier":
        return unit(teacher.classifier.weight.detach().cpu().numpy())
    shapes = teacher.options.modality == "shape"
    part = inputs.shapes if shapes else inputs.train
    unit_rows = kind == "unit-mean"
    network = Normalised(teacher.encoder) if unit_rows else teacher.encoder
    # Where sketches and shapes are compared by distance, embeddings stay as long as they are.
    trained = Retriever(network, network, task.device, "cosine" if unit_rows else "euclidean")
    rows = trained.embed_shapes(part.data) if shapes else trained.embed_sketches(part.data)
    return class_centers(rows, part.labels, inputs.classes, kind)
