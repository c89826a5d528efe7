"""What the networks of a seed made of the test sketches and of the gallery, in one file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.errors import ArtefactError
from sketchshape.files import atomic
from sketchshape.types import F32, I64

FORMAT = 1


@dataclass(frozen=True, eq=False)
class Embeddings:
    """What one seed's networks made of the test sketches and of the gallery.

    Args:
        query_ids: (Q,) text.
        query_labels: (Q,) int64.
        query_embeddings: (Q, D) float32, unit rows.
        gallery_ids: (G,) text.
        gallery_labels: (G,) int64.
        gallery_embeddings: (G, D) float32, unit rows.
    """

    query_ids: np.ndarray[Any, Any]
    query_labels: I64
    query_embeddings: F32
    gallery_ids: np.ndarray[Any, Any]
    gallery_labels: I64
    gallery_embeddings: F32

    def similarity(self) -> F32:
        """Give the cosine of every query with every shape: (Q, G)."""
        return self.query_embeddings @ self.gallery_embeddings.T


def save_embeddings(path: Path, embeddings: Embeddings, stamp: str) -> None:
    """Write embeddings with the hash of what they were made from."""
    with atomic(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, format=FORMAT, stamp=stamp, **vars(embeddings))


def load_embeddings(path: Path, stamp: str | None = None) -> Embeddings:
    """Read embeddings.

    Args:
        path: what `save_embeddings` wrote.
        stamp: the hash that they must have; None takes any.

    Returns:
        The embeddings.

    Raises:
        ArtefactError: the file is not there, damaged, or made from other settings or data.
    """
    try:
        with np.load(path) as arrays:
            values = {name: arrays[name] for name in arrays.files}
            version, found = int(values.pop("format")), str(values.pop("stamp"))
    except (OSError, KeyError, ValueError) as error:
        raise ArtefactError(f"{path}: not readable ({error}); train again") from None
    if version != FORMAT:
        raise ArtefactError(f"{path}: format {version}, expected {FORMAT}; train again with --fresh")
    if stamp is not None and found != stamp:
        raise ArtefactError(f"{path}: made from other settings or data; train again with --fresh")
    return Embeddings(**values)
