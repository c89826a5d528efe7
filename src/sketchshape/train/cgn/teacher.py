"""The teacher: classification of one modality, whose embedding gives the class centers."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from sketchshape.config import run as settings
from sketchshape.train.centers.simplex import regular_simplex
from sketchshape.train.data.items import Batch
from sketchshape.train.losses import AMSoftmax
from sketchshape.train.models.encoder import Encoder, ParameterGroup
from sketchshape.train.models.views import some_views


class Teacher(nn.Module):
    """AM-softmax classification of shapes, or of sketches when swapped. [CGN] section 3.2, Table 3.

    Args:
        encoder: of the teaching modality.
        classes: number of classes.
        options: scale, margin, views_min and trunk_lr are used.
        seed: of the first weights of the classifier.

    Raises:
        ConfigError: the classifier is a simplex, which has no corner for so many classes.
    """

    def __init__(self, encoder: Encoder, classes: int, options: settings.Teacher, *, seed: int = 0) -> None:
        super().__init__()
        self.encoder, self.options, width = encoder, options, encoder.head.width
        corners = None
        if options.classifier == "simplex":
            corners = regular_simplex(classes, width, torch.Generator().manual_seed(seed))
        self.classifier = AMSoftmax(classes, width, options.scale, options.margin, seed, fixed=corners)

    def players(self) -> dict[str, list[ParameterGroup]]:
        """Give the one player: encoder and classifier together."""
        classifier = ParameterGroup(list(self.classifier.parameters()))
        return {"teacher": [*self.encoder.groups(self.options.trunk_lr), classifier]}

    def updates(self, batch: Batch) -> Iterator[tuple[str, Tensor]]:
        """Yield the classification loss."""
        inputs = batch.inputs
        if self.options.views_min and self.encoder.has_views(inputs):
            inputs = some_views(inputs, self.options.views_min)
        yield "teacher", self.classifier(self.encoder(inputs), batch.labels)
