"""What a renderer may rely on: every face has three finite corners, and every vertex belongs to a face."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sketchshape.errors import MeshError
from sketchshape.mesh.soup import Soup
from sketchshape.types import F64, I64, Mesh

LARGEST = float(np.finfo(np.float32).max)
FAR = 1000.0  # from here on the distance to the origin, in sizes of the shape, costs float32 visible digits

AXES = {
    "y": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "z": ((1, 0, 0), (0, 0, 1), (0, -1, 0)),
    "x": ((0, -1, 0), (1, 0, 0), (0, 0, 1)),
    "-y": ((1, 0, 0), (0, -1, 0), (0, 0, -1)),
    "-z": ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
    "-x": ((0, 1, 0), (-1, 0, 0), (0, 0, 1)),
}
"""For each up axis the rotation that turns it to +Y."""


def usable(vertices: F64, corners: I64) -> np.ndarray:
    """Whether corners of faces can be drawn.

    Args:
        vertices: (N, 3) float64.
        corners: (...) int64, indices of vertices.

    Returns:
        (...) bool: the index exists and its vertex is finite as float32.
    """
    inside = np.asarray((corners >= 0) & (corners < len(vertices)))
    fits = np.abs(vertices) <= LARGEST  # False for what is not a number, too
    if not np.all(fits):
        inside[inside] = np.all(fits, axis=1)[corners[inside]]
    return inside


def clean(path: Path, soup: Soup, up: str) -> Mesh:
    """Keep what can be drawn, upright.

    Faces with an impossible corner are dropped with a warning, vertices without a face without one. A shape
    that lies so far from the origin that float32 could not hold it is moved there.

    Args:
        path: the file, for errors.
        soup: what the reader made of it.
        up: a key of AXES, the axis of the file that points up.

    Raises:
        MeshError: nothing is left, or all of it lies in one point.
    """
    vertices, faces, warnings = soup
    good = usable(vertices, faces)
    if not good.all():
        warnings += _impossible(vertices, faces, good)
        faces = faces[good.all(axis=1)]
    if not len(faces):
        cause = f"no faces to draw: {len(vertices)} vertices, but no face with three of them"
        raise MeshError(path, "; ".join((cause, *warnings)))
    used = np.zeros(len(vertices), bool)
    used[faces] = True
    if not used.all():
        faces, vertices = (np.cumsum(used) - 1)[faces], vertices[used]
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    if not (high > low).any():
        raise MeshError(path, "; ".join(("no faces to draw: all corners lie in one point", *warnings)))
    middle = low / 2 + high / 2
    if np.abs(middle).max() > FAR * (high - low).max():
        vertices = vertices - middle
    if up != "y":
        vertices = vertices @ np.array(AXES[up], np.float64).T
    return Mesh(vertices.astype(np.float32), faces.astype(np.int32), warnings)


def _impossible(vertices: F64, faces: I64, good: np.ndarray) -> tuple[str, ...]:
    """Say how many faces are dropped, and why; `good` is what `usable` says of their corners."""
    absent = (faces < 0) | (faces >= len(vertices))
    none = int(absent.any(axis=1).sum())
    wild = int((~good).any(axis=1).sum()) - none
    kinds = ((none, f"is none of the {len(vertices)} vertices"), (wild, "has no finite position"))
    return tuple(f"left out {count} of {len(faces)} faces: a corner {what}" for count, what in kinds if count)


def turn(mesh: Mesh, up: str) -> Mesh:
    """Turn a shape so that its axis `up`, a key of AXES, points to +Y."""
    return Mesh(mesh.vertices @ np.array(AXES[up], np.float32).T, mesh.faces, mesh.warnings)
