"""What a reader makes of a file, before it is known which of it can be drawn."""

from __future__ import annotations

from typing import NamedTuple

from sketchshape.types import F64, I64


class Soup(NamedTuple):
    """Triangles as a file has them.

    Args:
        vertices: (N, 3) float64, in the frame of the file.
        faces: (M, 3) int64, indices of vertices, possibly wrong ones.
        warnings: what of the file was left out or guessed, a sentence each.
    """

    vertices: F64
    faces: I64
    warnings: tuple[str, ...] = ()
