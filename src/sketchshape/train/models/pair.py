"""The two networks of one seed: made, stored and used."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open

from sketchshape.config.run import Run, Stage
from sketchshape.errors import ArtefactError
from sketchshape.files import atomic
from sketchshape.metrics.rows import unit
from sketchshape.runs.identity import settings_hash
from sketchshape.train.models.backbones import build_backbone, feature_width
from sketchshape.train.models.encoder import Encoder, Features
from sketchshape.train.models.heads import Head, JoinedHeads
from sketchshape.train.models.views import POOLS
from sketchshape.types import F32

FORMAT = 1
EMBED = 64  # items of one pass; a shape has a dozen pictures
T = TypeVar("T")


@dataclass(eq=False)
class Pair:
    """The two trained encoders.

    Args:
        sketches: encoder of sketches.
        shapes: encoder of shapes.
        device: where they are.
        line_weight: of the line drawings of a shape beside its views.
    """

    sketches: Encoder
    shapes: Encoder
    device: torch.device
    line_weight: float = 1.0

    def embed_sketches(self, data: np.ndarray[Any, Any]) -> F32:
        """Embed sketches, averaged over their variants.

        Args:
            data: (n, k, ...) features or pictures, k variants of each.

        Returns:
            (n, D) float32, unit rows.
        """
        looks = [_embed(self.sketches, data[:, look], self.device) for look in range(data.shape[1])]
        return unit(np.sum(looks, axis=0))

    def embed_shapes(self, data: np.ndarray[Any, Any], lines: np.ndarray[Any, Any] | None = None) -> F32:
        """Embed shapes, each by its views and, where there are any, by line drawings of it.

        What a shape looks like as a sketch is known for every shape; what the network of the views has
        learned from labelled shapes holds for their like. Views say nothing of words: in the part of a words
        head they have zeros.

        Args:
            data: (n, views, ...) features or pictures.
            lines: (n, lines, looks, ...) the same of line drawings, as for sketches.

        Returns:
            (n, D) float32, unit rows.
        """
        return self.join(_embed(self.shapes, data, self.device), lines)

    def join(self, vectors: F32, lines: np.ndarray[Any, Any] | None) -> F32:
        """Join embeddings of views (n, D) with those of line drawings (n, lines, looks, ...)."""
        vectors = widened(vectors, self.sketches.head.width)
        if lines is None or not len(lines):
            return vectors
        drawn: F32 = np.sum([self.embed_sketches(lines[:, one]) for one in range(lines.shape[1])], axis=0)
        return unit(vectors + self.line_weight * unit(drawn))

    def with_words(self, words: Encoder, weight: float) -> Pair:
        """Give a pair whose sketches are also embedded by a words head; it takes the same features."""
        heads = JoinedHeads(cast(Head, self.sketches.head), cast(Head, words.head), weight)
        return replace(self, sketches=Encoder(self.sketches.trunk, heads))


def new_pair(settings: Run, seed: int, device: torch.device) -> Pair:
    """Make both encoders with fresh heads; trunks are backbones only if they are fine-tuned."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        shape_stage, sketch_stage = in_roles(settings.teacher, settings.student, settings)
        sketches = _new_encoder(settings, sketch_stage, "sketch")
        shapes = _new_encoder(settings, shape_stage, "shape")
    return Pair(sketches.to(device), shapes.to(device), device, settings.views.line_weight)


def new_words(settings: Run, seed: int, device: torch.device) -> Encoder:
    """Make an encoder of sketches with the fresh head that tells words apart."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        head = replace(settings.head, hidden=settings.words.hidden)
        return _new_encoder(replace(settings, head=head), settings.words, "sketch").to(device)


def save_encoder(path: Path, encoder: Encoder, settings: Run) -> None:
    """Write an encoder with the hash of its settings, atomically."""
    header = {"format": str(FORMAT), "kind": "encoder", "settings": settings_hash(settings)}
    with atomic(path) as temporary:
        safetensors.torch.save_file(
            {name: value.contiguous() for name, value in encoder.state_dict().items()}, temporary, header
        )


def load_pair(folder: Path, settings: Run, device: torch.device) -> Pair:
    """Read the encoders of a seed.

    Args:
        folder: of the seed.
        settings: of the run.
        device: where they go.

    Returns:
        The pair, in evaluation mode.

    Raises:
        ArtefactError: a file is missing or damaged, or was made with other settings.
    """
    pair = new_pair(settings, 0, device)
    teacher, student = in_roles(pair.shapes, pair.sketches, settings)
    encoders = {"teacher": teacher, "student": student}
    if settings.words.weight:
        encoders["words"] = new_words(settings, 0, device)
        pair = pair.with_words(encoders["words"], settings.words.weight)
    for name, encoder in encoders.items():
        path = folder / f"{name}.safetensors"
        try:
            with safe_open(path, "pt") as file:
                header = file.metadata() or {}
                if header.get("settings") != settings_hash(settings):
                    raise ArtefactError(f"{path}: made with other settings; train again with --fresh")
                encoder.load_state_dict({key: file.get_tensor(key) for key in file.keys()})  # noqa: SIM118
        except (OSError, SafetensorError, RuntimeError) as error:
            raise ArtefactError(f"{path}: not readable ({error}); train again with --fresh") from None
        encoder.eval()
    return pair


def _new_encoder(settings: Run, stage: Stage, modality: str) -> Encoder:
    backbone, head = settings.backbone.of(modality), settings.head
    if settings.train.trunk == "frozen":
        trunk: Any = Features(feature_width(backbone))
    else:
        trunk = build_backbone(backbone.name, backbone.weights, backbone.size, quiet=True)
    pool = settings.views.pool if modality == "shape" else "mean"
    dim = trunk.dim * POOLS[pool]
    return Encoder(trunk, Head(dim, head.hidden, head.width, stage.dropout, head.standardise), pool)


def in_roles(shape: T, sketch: T, settings: Run) -> tuple[T, T]:
    """Give the teacher's one first. [CGN] Table 3 has them swapped."""
    return (shape, sketch) if settings.teacher.modality == "shape" else (sketch, shape)


@torch.inference_mode()
def _embed(encoder: Encoder, data: np.ndarray[Any, Any], device: torch.device) -> F32:
    encoder.eval()
    if not len(data):
        return np.empty((0, encoder.head.width), np.float32)
    parts = [
        encoder.embed(torch.from_numpy(np.ascontiguousarray(data[start : start + EMBED])).to(device)).cpu()
        for start in range(0, len(data), EMBED)
    ]
    return torch.cat(parts).numpy()


def widened(rows: F32, width: int) -> F32:
    """Fill up rows (n, D) with zeros on the right to (n, width)."""
    return np.pad(rows, ((0, 0), (0, width - rows.shape[1])))
