"""What a reader makes of a file, before it is known which of it can be drawn."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

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


def short_faces(sizes: I64, numbers: I64 | None = None) -> tuple[str, ...]:
    """Warn of faces that have too few corners to be drawn.

    Args:
        sizes: (P,) how many corners each face has.
        numbers: (P,) the lines they are in; None in a binary file.
    """
    short = np.flatnonzero(sizes < 3)
    if not len(short):
        return ()
    first = f", the first in line {numbers[short[0]]}" if numbers is not None else ""
    return (f"left out {len(short)} of {len(sizes)} faces with fewer than 3 corners{first}",)
