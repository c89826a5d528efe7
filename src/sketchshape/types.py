"""The values that travel through the whole package."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

U8: TypeAlias = NDArray[np.uint8]
F32: TypeAlias = NDArray[np.float32]
F64: TypeAlias = NDArray[np.float64]
I32: TypeAlias = NDArray[np.int32]
I64: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Mesh:
    """The geometry of a shape: a triangle soup, Y axis up.

    Args:
        vertices: (N, 3) float32, any unit; other number types are converted.
        faces: (M, 3) int32, indices of vertices; winding may be inconsistent.
        warnings: what of the file was left out or guessed, a sentence each; empty where nothing was.

    Raises:
        ValueError: an array is not two-dimensional with three columns.
    """

    vertices: F32
    faces: I32
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, dtype in (("vertices", np.float32), ("faces", np.int32)):
            array = np.asarray(getattr(self, name))
            if array.ndim != 2 or array.shape[1] != 3:
                raise ValueError(f"Mesh.{name} has shape {array.shape}, expected (n, 3)")
            object.__setattr__(self, name, np.ascontiguousarray(array, dtype=dtype))


@dataclass(frozen=True)
class Taken:
    """A word that a drawing is taken for.

    Args:
        word: that the encoders have seen drawn.
        probability: 0..1 that it is what the drawing shows.
    """

    word: str
    probability: float


@dataclass(frozen=True)
class Unknown:
    """A word that was searched for, that no name has and that means nothing to the encoders.

    Args:
        word: as it was read.
        near: words that may have been meant, the nearest first; often none.
    """

    word: str
    near: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Ranking:
    """Shapes in the order of their likeness, the most alike first.

    Args:
        ids: of the shapes in their index.
        scores: (k,) float32, falling; the likeness to the query, as a rule the cosine, more where words
            were found too.
        paths: the mesh files.
        confidence: probability 0..1 that a shape of what was drawn, or else of what the words say, is there,
            among those that the filters allow; None where neither was given or nothing found, and where the
            bundle cannot tell.
        ups: of each shape the axis of its file that points up in the way in which it was found.
        taken_for: what the drawing is taken for, the likeliest first; none where nothing was drawn, and where
            the bundle has no words.
        unknown: words that were asked for in vain.
    """

    ids: tuple[int, ...]
    scores: F32
    paths: tuple[Path, ...]
    confidence: float | None = None
    ups: tuple[str, ...] = ()
    taken_for: tuple[Taken, ...] = ()
    unknown: tuple[Unknown, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)
