"""What training gives, whatever the method: a network for sketches, one for shapes, and how they compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from sketchshape.encoders.likeness import likeness
from sketchshape.encoders.lines import with_lines
from sketchshape.errors import ArtefactError
from sketchshape.runs.centers import Centers
from sketchshape.train.models.encoder import Normalised
from sketchshape.train.models.stored import load_tensors, save_tensors
from sketchshape.types import F32

FORMAT = 2
EMBED = 64  # items of one pass; a shape has a dozen pictures


@dataclass(frozen=True)
class Sizes:
    """What networks have to fit.

    Args:
        sketch: width of the features of a sketch.
        shape: width of the features of a view.
        classes: number of classes that are learned.
        words: the same with the words that have sketches and no shapes; 0 where these are not learned.
    """

    sketch: int
    shape: int
    classes: int
    words: int = 0


@dataclass(eq=False)
class Retriever:
    """Two trained networks.

    Args:
        sketches: (B, ...) features or pictures -> (B, D).
        shapes: (B, views, ...) -> (B, ...), in the form that `likeness` compares with sketches.
        device: where they are.
        likeness: a name in `sketchshape.encoders.likeness`.
        centers: what a search for a class asks with, in the space of sketches.
        line_weight: of the line drawings of a shape beside its views.
        line_power: of the entries of their embeddings, before these are joined.
        seconds: spent in training, by stage, interrupted parts included.
        facts: what else is worth a record, such as the target check.
    """

    sketches: nn.Module
    shapes: nn.Module
    device: torch.device
    likeness: str = "cosine"
    centers: Centers | None = None
    line_weight: float = 1.0
    line_power: float = 1.0
    seconds: dict[str, float] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    def embed_sketches(self, data: np.ndarray[Any, Any]) -> F32:
        """Embed sketches, averaged over their variants.

        Args:
            data: (n, k, ...) features or pictures, k variants of each.

        Returns:
            (n, D) float32, for cosine unit rows.
        """
        if not data.shape[1]:  # no sketch at all was read
            return np.empty((0, 0), np.float32)
        variants = [embed(self.sketches, data[:, number], self.device) for number in range(data.shape[1])]
        return likeness(self.likeness).prepare(np.mean(variants, axis=0, dtype=np.float32))

    def embed_shapes(self, data: np.ndarray[Any, Any], lines: np.ndarray[Any, Any] | None = None) -> F32:
        """Embed shapes, each by its views and, where there are any, by line drawings of it.

        What a shape looks like as a sketch is known for every shape; what the network of the views has
        learned from labelled shapes holds for their like. Views say nothing of words: in the part of a words
        head they have zeros.

        Args:
            data: (n, views, ...) features or pictures.
            lines: (n, lines, variants, ...) the same of line drawings, as for sketches.

        Returns:
            (n, ...) float32, for cosine unit rows.
        """
        rows = embed(self.shapes, data, self.device)
        if not isinstance(self.shapes, Normalised):  # those are unit rows, to the last bit
            rows = likeness(self.likeness).prepare(rows)
        return self.join(rows, lines)

    def join(self, vectors: F32, lines: np.ndarray[Any, Any] | None) -> F32:
        """Join embeddings of views (n, D) with those of line drawings (n, lines, variants, ...)."""
        if lines is None or not len(lines):
            return vectors
        drawn = [self.embed_sketches(lines[:, camera]) for camera in range(lines.shape[1])]
        return with_lines(vectors, np.stack(drawn), self.line_weight, self.line_power)


def save_networks(folder: Path, retriever: Retriever, sizes: Sizes, key: str) -> None:
    """Write both networks, each atomically.

    Args:
        folder: of the seed.
        retriever: whose networks.
        sizes: that they fit.
        key: hash of the settings and data that they were trained with.
    """
    header = {"format": str(FORMAT), "kind": "network", "key": key}
    header |= {name: str(size) for name, size in vars(sizes).items()}
    for name, network in _named(retriever):
        save_tensors(folder / f"{name}.safetensors", network, header)


def read_sizes(folder: Path, key: str) -> Sizes:
    """Read what the networks of a seed fit.

    Args:
        folder: of the seed.
        key: hash that they must have.

    Returns:
        The sizes.

    Raises:
        ArtefactError: a file is missing or damaged, or was made with other settings or data.
    """
    header, _ = _read(folder / "sketches.safetensors", key)
    sizes = {name: int(header[name]) for name in ("sketch", "shape", "classes")}
    return Sizes(**sizes, words=int(header.get("words", 0)))


def load_networks(folder: Path, retriever: Retriever, key: str) -> Retriever:
    """Fill a fresh retriever with the networks of a seed.

    Args:
        folder: of the seed.
        retriever: made for the sizes that `read_sizes` gives.
        key: hash that the files must have.

    Returns:
        The same retriever, in evaluation mode.

    Raises:
        ArtefactError: a file is missing or damaged, or was made with other settings or data.
    """
    for name, network in _named(retriever):
        path = folder / f"{name}.safetensors"
        try:
            network.load_state_dict(_read(path, key)[1])
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:300]
            raise ArtefactError(f"{path}: not readable ({reason}); train again with --fresh") from None
        network.eval()
    return retriever


def _named(retriever: Retriever) -> tuple[tuple[str, nn.Module], ...]:
    return ("sketches", retriever.sketches), ("shapes", retriever.shapes)


def _read(path: Path, key: str) -> tuple[Mapping[str, str], dict[str, torch.Tensor]]:
    header, tensors = load_tensors(path)
    if header.get("format") != str(FORMAT) or header.get("key") != key:
        raise ArtefactError(f"{path}: made with other settings or data; train again with --fresh")
    return header, tensors


@torch.inference_mode()
def embed(network: nn.Module, data: np.ndarray[Any, Any], device: torch.device) -> F32:
    """Run a network in evaluation mode over all items: (n, ...) -> (n, ...) float32."""
    network.eval()
    if not len(data):  # as wide as something
        return embed(network, np.zeros((1, *data.shape[1:]), data.dtype), device)[:0]
    parts = [
        network(torch.from_numpy(np.ascontiguousarray(data[start : start + EMBED])).to(device)).float().cpu()
        for start in range(0, len(data), EMBED)
    ]
    rows: F32 = torch.cat(parts).numpy()
    return rows
