"""Mesh files to triangles with the Y axis up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from sketchshape.errors import MeshError, UsageError
from sketchshape.mesh.clean import AXES, clean, turn
from sketchshape.mesh.gltf import read_gltf
from sketchshape.mesh.obj import read_obj
from sketchshape.mesh.off import read_off
from sketchshape.mesh.ply import read_ply
from sketchshape.mesh.soup import Soup
from sketchshape.mesh.stl import read_stl
from sketchshape.types import Mesh

Reader = Callable[[Path, bytes], Soup]

READERS: dict[str, Reader] = {
    ".off": read_off,
    ".obj": read_obj,
    ".stl": read_stl,
    ".ply": read_ply,
    ".glb": read_gltf,
    ".gltf": read_gltf,
}
FORMATS: tuple[str, ...] = tuple(READERS)

__all__ = ["AXES", "FORMATS", "load_mesh", "turn"]

# What wrong bytes can make a reader raise where it takes the file at its word.
_MALFORMED = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)


def load_mesh(path: str | Path, up: str | None = None) -> Mesh:
    """Read a mesh file of any supported format.

    Args:
        path: a file with one of the suffixes in FORMATS, in either case.
        up: the axis of the file that points up, one of y, z, x, -y, -z, -x; None is y. It is turned to +Y.

    Returns:
        Triangles with finite corners, all parts of the file together; no vertex without a face.

    Raises:
        MeshError: the file cannot be read or has nothing to draw.
        UsageError: `up` is not an axis.
    """
    path, axis = Path(path), "y" if up is None else up
    if axis not in AXES:
        raise UsageError(f"up is {up!r}, expected one of: {', '.join(AXES)}")
    if path.is_dir():
        raise MeshError(path, "is a folder, expected a mesh file")
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise MeshError(
            path, f"suffix {path.suffix!r} is not supported, expected one of: {', '.join(FORMATS)}"
        )
    data = _content(path)
    try:
        with np.errstate(all="ignore"):
            return clean(path, reader(path, data), axis)
    except _MALFORMED as error:
        raise MeshError(path, f"malformed: {type(error).__name__}: {error}") from error


def _content(path: Path) -> bytes:
    """Read a file, refusing what is not one."""
    if path.exists() and not path.is_file():
        raise MeshError(path, "is not a regular file")
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        raise MeshError(path, f"cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if not data:
        raise MeshError(path, "the file is empty")
    return data
