"""Mesh files to triangles with the Y axis up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from sketchshape.errors import MeshError, UsageError
from sketchshape.mesh.clean import AXES, clean, turn
from sketchshape.mesh.content import Look, content, first_bytes
from sketchshape.mesh.gltf import companions, read_gltf
from sketchshape.mesh.libraries.collada import read_dae
from sketchshape.mesh.libraries.step import read_step
from sketchshape.mesh.obj import look_at_obj, read_obj
from sketchshape.mesh.off import look_at_off, read_off
from sketchshape.mesh.ply import look_at_ply, read_ply
from sketchshape.mesh.seen import other_mesh
from sketchshape.mesh.soup import Soup
from sketchshape.mesh.stl import read_stl
from sketchshape.mesh.threemf import read_3mf
from sketchshape.mesh.unread import CONVERTERS, unread_files
from sketchshape.types import Mesh
from sketchshape.zips import SUFFIX as ZIP

Reader = Callable[[Path, bytes], Soup]

READERS: dict[str, Reader] = {
    ".off": read_off,
    ".obj": read_obj,
    ".stl": read_stl,
    ".ply": read_ply,
    ".glb": read_gltf,
    ".gltf": read_gltf,
    ".3mf": read_3mf,
    ".dae": read_dae,
    ".step": read_step,
    ".stp": read_step,
}
LOOKS: dict[str, Look] = {".off": look_at_off, ".obj": look_at_obj, ".ply": look_at_ply}
FORMATS: tuple[str, ...] = tuple(READERS)
READER_VERSION = 3
"""Raised with every change by which a file that could be read has other triangles."""

__all__ = [
    "AXES",
    "CONVERTERS",
    "FORMATS",
    "READER_VERSION",
    "companions",
    "load_mesh",
    "turn",
    "unread_files",
]

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
        path: a file with one of the suffixes in FORMATS, in either case, or such a file in a zip archive:
            `lib.zip/chairs/a.obj`.
        up: the axis of the file that points up, one of y, z, x, -y, -z, -x. It is turned to +Y. None is y,
            whatever the shape looks like: `sketchshape.load_upright` judges that.

    Returns:
        Triangles with finite corners, all parts of the file together; no vertex without a face. What was left
        out or guessed is in `warnings`, a sentence each.

    Raises:
        MeshError: the file cannot be read or has nothing to draw.
        UsageError: `up` is not an axis.
    """
    path, axis = Path(path), "y" if up is None else up
    if axis not in AXES:
        raise UsageError(f"up is {up!r}, expected one of: {', '.join(AXES)}")
    if path.is_dir():
        raise MeshError(path, "is a folder, expected a mesh file")
    suffix = path.suffix.lower()
    reader = READERS.get(suffix)
    if reader is None:
        raise MeshError(path, _unread(suffix))
    try:
        with np.errstate(all="ignore"):
            return clean(path, reader(path, content(path, LOOKS.get(suffix))), axis)
    except MeshError as error:
        raise _explained(error, suffix) from error
    except _MALFORMED as error:
        cause = f"malformed: {type(error).__name__}: {error}"
        raise _explained(MeshError(path, cause), suffix) from error


def _unread(suffix: str) -> str:
    if advice := CONVERTERS.get(suffix):
        return f"{suffix} files are not read; {advice}"
    if suffix == ZIP:
        return "is an archive; name a file in it, such as ARCHIVE.zip/chairs/a.obj"
    return f"suffix {suffix!r} is not supported, expected one of: {', '.join(FORMATS)}"


def _explained(error: MeshError, suffix: str) -> MeshError:
    """Put before the cause of an error what the file seems to be, where its name says something else."""
    seen = other_mesh(first_bytes(error.path), suffix)
    return (
        MeshError(error.path, f"{seen}; {error.cause}", line=error.line, byte=error.byte) if seen else error
    )
