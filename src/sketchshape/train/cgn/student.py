"""The student: transfer of one modality to the centers that the teacher found in the other."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

from sketchshape.config import run as settings
from sketchshape.train.data.items import Batch
from sketchshape.train.losses import AMSoftmax, guidance_loss
from sketchshape.train.losses.guidance import check_push
from sketchshape.train.models.encoder import Encoder, ParameterGroup


class Student(nn.Module):
    """Guidance towards fixed class centers, where asked with classification too. [CGN] section 3.3.

    Args:
        encoder: of the learning modality.
        centers: (N, D) of the teacher, D the width of the encoder's embedding.
        options: weight, away, classification and trunk_lr are used.
        seed: of the first weights of its own classifier.

    Raises:
        ValueError: the centers do not fit the encoder, or an option is out of its range.
    """

    centers: Tensor

    def __init__(
        self, encoder: Encoder, centers: Tensor, options: settings.Student, *, seed: int = 0
    ) -> None:
        super().__init__()
        width = encoder.head.width
        if centers.ndim != 2 or centers.shape[1] != width:
            raise ValueError(f"centers have shape {tuple(centers.shape)}, expected (N, {width})")
        check_push(len(centers), options.weight, options.away)
        self.encoder, self.options = encoder, options
        self.register_buffer("centers", centers.detach().clone().float())
        self.classifier = AMSoftmax(len(centers), width, seed=seed) if options.classification else None

    def players(self) -> dict[str, list[ParameterGroup]]:
        """Give the one player: encoder and, if there is one, classifier."""
        groups = self.encoder.groups(self.options.trunk_lr)
        if self.classifier is not None:
            groups.append(ParameterGroup(list(self.classifier.parameters())))
        return {"student": groups}

    def updates(self, batch: Batch) -> Iterator[tuple[str, Tensor]]:
        """Yield the guidance loss, plus the weighted classification loss."""
        embeddings = self.encoder(batch.inputs)
        loss = guidance_loss(embeddings, batch.labels, self.centers, self.options.weight, self.options.away)
        if self.classifier is not None:
            loss = loss + self.options.classification * self.classifier(embeddings, batch.labels)
        yield "student", loss
