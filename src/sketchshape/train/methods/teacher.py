"""The teacher: classification of one modality, whose embedding gives the class centers."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from sketchshape import settings
from sketchshape.train.losses import AMSoftmax
from sketchshape.train.methods.base import Batch
from sketchshape.train.networks import Encoder, ParameterGroup


class Teacher(nn.Module):
    """AM-softmax classification of shapes, or of sketches when swapped. [CGN] section 3.2, Table 3.

    Args:
        encoder: of the teaching modality.
        classes: number of classes.
        options: scale, margin, views_min and trunk_lr are used.
        seed: of the first weights of the classifier.
    """

    def __init__(self, encoder: Encoder, classes: int, options: settings.Teacher, *, seed: int = 0) -> None:
        super().__init__()
        self.encoder, self.options = encoder, options
        self.classifier = AMSoftmax(
            classes,
            encoder.head.width,
            options.scale,
            options.margin,
            seed,
            fixed=options.classifier == "simplex",
        )

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


def some_views(inputs: Tensor, least: int) -> Tensor:
    """Take a random number of random views, the number the same for all shapes of a batch.

    Args:
        inputs: (B, V, ...).
        least: smallest number of views, 1..V; more than V takes all.

    Returns:
        (B, K, ...) with K from `least` to V; each shape has K different views of its own.
    """
    count, views = inputs.shape[:2]
    if least >= views:
        return inputs
    kept = int(torch.randint(least, views + 1, ()))
    order = torch.rand(count, views).argsort(1)[:, :kept].to(inputs.device)
    rows = torch.arange(count, device=inputs.device)[:, None]
    return inputs[rows, order]
