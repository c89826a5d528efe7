"""Classification of drawings by their word: a second head for sketches, and the pretraining of a backbone."""

from __future__ import annotations

from dataclasses import replace
from typing import Self

from torch import nn

from sketchshape.config import run as settings
from sketchshape.train.cgn.lessons import wording
from sketchshape.train.cgn.teacher import Teacher
from sketchshape.train.engine.task import Task
from sketchshape.train.models.encoder import Encoder

KEPT = (nn.Conv2d, nn.BatchNorm2d)


class WordClassifier(Teacher):
    """AM-softmax classification with the first layers of the backbone kept as they are.

    Edges of a drawing are edges of a photograph; the first layers hold most of the time and hardly any of the
    parameters.

    Args:
        encoder: of drawings as pictures, not of stored features.
        classes: number of words.
        options: as for the teacher.
        stem: convolutions at the start of the backbone that are kept, with their batch-norms.
        seed: of the first weights of the classifier.
    """

    def __init__(
        self,
        encoder: Encoder,
        classes: int,
        options: settings.TeacherSettings,
        *,
        stem: int = 0,
        seed: int = 0,
    ) -> None:
        super().__init__(encoder, classes, options, seed=seed)
        layers = [module for module in encoder.backbone.modules() if isinstance(module, KEPT)]
        self.stem = layers[: 2 * stem]
        for layer in self.stem:
            layer.requires_grad_(False)

    def train(self, mode: bool = True) -> Self:
        """Switch to training, but for the kept layers."""
        super().train(mode)
        for layer in self.stem:
            layer.eval()
        return self


def train_words(task: Task, encoder: Encoder) -> float:
    """Train the second head of the sketches' network, which tells words apart.

    Args:
        task: settings, data, seed.
        encoder: of sketches, with a fresh head; changed in place.

    Returns:
        The seconds that it took.
    """
    items = wording(task.inputs, task.run)
    options = replace(task.run.teacher, classifier="learned")  # there may be more words than corners
    method = Teacher(encoder, int(items.labels.max()) + 1, options, seed=task.seed).to(task.device)
    return task.fit(method, items, task.run.words, "words").seconds
