"""The encoders of one seed before they have learned: one for sketches and one for shapes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar, cast

import torch

from sketchshape.config.run import RunSettings, StageSettings
from sketchshape.train.models.backbones import build_backbone
from sketchshape.train.models.encoder import Encoder, Features, Normalised
from sketchshape.train.models.heads import Head, JoinedHeads
from sketchshape.train.models.retriever import Retriever, Sizes
from sketchshape.train.models.seeded import seeded
from sketchshape.train.models.views import POOLS

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Pair:
    """The encoders of both modalities, and a second head for sketches where words are learned.

    Args:
        sketches: encoder of sketches.
        shapes: encoder of shapes.
        words: encoder of sketches with the head that tells words apart.
    """

    sketches: Encoder
    shapes: Encoder
    words: Encoder | None = None

    def retriever(self, run: RunSettings, device: torch.device) -> Retriever:
        """Compare the encoders by the cosine of their embeddings."""
        sketches = self.sketches
        if self.words is not None:  # it takes the same features
            heads = cast(Head, sketches.head), cast(Head, self.words.head)
            sketches = Encoder(sketches.backbone, JoinedHeads(*heads, run.words.weight))
        shapes = Normalised(self.shapes, sketches.head.width)
        return Retriever(Normalised(sketches), shapes, device, line_weight=run.views.line_weight)


def new_pair(run: RunSettings, sizes: Sizes, seed: int, device: torch.device) -> Pair:
    """Make encoders with fresh heads; their backbones are there only if they are fine-tuned.

    Args:
        run: settings of both.
        sizes: of the features.
        seed: of the weights.
        device: where they go.

    Returns:
        The encoders.
    """
    shape_stage, sketch_stage = in_roles(run.teacher, run.student, run)
    with seeded(seed):
        sketches = _new_encoder(run, sketch_stage, "sketch", sizes)
        shapes = _new_encoder(run, shape_stage, "shape", sizes)
    words = None
    if run.words.weight:
        with seeded(seed):
            head = replace(run.head, hidden=run.words.hidden)
            words = _new_encoder(replace(run, head=head), run.words, "sketch", sizes).to(device)
    for network in (sketches, shapes):  # a convolution is trained faster so
        network.backbone.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Pair(sketches.to(device), shapes.to(device), words)


def in_roles(shape: T, sketch: T, run: RunSettings) -> tuple[T, T]:
    """Give the teacher's one first. [CGN] Table 3 has them swapped."""
    return (shape, sketch) if run.teacher.modality == "shape" else (sketch, shape)


def _new_encoder(run: RunSettings, stage: StageSettings, modality: str, sizes: Sizes) -> Encoder:
    own, head = run.backbone.of(modality), run.head
    backbone = (
        Features(getattr(sizes, modality))
        if run.train.backbone == "frozen"
        else build_backbone(own.name, own.weights, own.size, quiet=True)
    )
    pool = run.views.pool if modality == "shape" else "mean"
    dim = backbone.dim * POOLS[pool]
    return Encoder(backbone, Head(dim, head.hidden, head.width, stage.dropout, head.standardise), pool)
