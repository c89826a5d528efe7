"""What the networks of a seed made of the test sketches and of the gallery, in one file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from sketchshape.encoders.likeness import COSINE, likeness
from sketchshape.errors import ArtefactError
from sketchshape.files import atomic
from sketchshape.types import F32, I64

FORMAT = 1
_ARRAYS = (
    "query_ids",
    "query_labels",
    "query_embeddings",
    "gallery_ids",
    "gallery_labels",
    "gallery_embeddings",
)


@dataclass(frozen=True, eq=False)
class Embeddings:
    """What one seed's networks made of the test sketches and of the gallery.

    Args:
        query_ids: (Q,) text.
        query_labels: (Q,) int64.
        query_embeddings: (Q, D) float32, prepared for the likeness.
        gallery_ids: (G,) text.
        gallery_labels: (G,) int64.
        gallery_embeddings: (G, D) or (G, rows, D) float32, prepared for the likeness.
        likeness: name of how they are compared; the cosine is that of unit rows.
    """

    query_ids: np.ndarray[Any, Any]
    query_labels: I64
    query_embeddings: F32
    gallery_ids: np.ndarray[Any, Any]
    gallery_labels: I64
    gallery_embeddings: F32
    likeness: str = COSINE.name

    def similarity(self) -> F32:
        """Give the likeness of every query to every shape: (Q, G) float32."""
        return likeness(self.likeness).between(self.query_embeddings, self.gallery_embeddings)


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
        with path.open("rb") as stream, np.load(stream) as stored:
            version, found = int(stored["format"]), str(stored["stamp"])
            arrays = {name: stored[name] for name in _ARRAYS}
            name = str(stored["likeness"]) if "likeness" in stored else COSINE.name  # which came later
            likeness(name)
    except FileNotFoundError:
        raise ArtefactError(f"{path} is not there; run the same training command again") from None
    except (OSError, EOFError, KeyError, ValueError, BadZipFile) as error:
        raise ArtefactError(f"{path}: unreadable ({error}); remove it and train again") from None
    if version != FORMAT:
        raise ArtefactError(f"{path}: format {version}, expected {FORMAT}; train again with --fresh")
    if stamp is not None and found != stamp:
        raise ArtefactError(f"{path}: made from other settings or data; train again with --fresh")
    return Embeddings(**arrays, likeness=name)
