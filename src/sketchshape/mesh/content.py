"""The bytes of a mesh file, read only where its head does not already show that they are of no use."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from sketchshape.errors import MeshError
from sketchshape.mesh.seen import HEAD, stranger
from sketchshape.zips import is_file, read, split

Look = Callable[[Path, BinaryIO, int], None]
"""Raises MeshError where a file, given as a stream with its size, has nothing to draw or is too short."""


def content(path: Path, look: Look | None = None) -> bytes:
    """Read a file.

    Args:
        path: the file, on the disk or in a zip archive.
        look: asked before the file is read whole; a point cloud of gigabytes shows in its head.

    Raises:
        MeshError: it is no file, empty, of a kind that is no mesh, or refused by `look`.
    """
    if path.exists() and not path.is_file():
        raise MeshError(path, "is not a regular file")
    try:
        with _opened(path) as stream:
            size = stream.seek(0, 2)
            stream.seek(0)
            if not size:
                raise MeshError(path, "the file is empty")
            if what := stranger(stream.read(HEAD), path.suffix.lower()):
                raise MeshError(path, f"this is {what}")
            if look:
                stream.seek(0)
                look(path, stream, size)
            stream.seek(0)
            return stream.read()
    except OSError as error:
        raise MeshError(path, f"cannot be read: {error.strerror or error}") from error


def first_bytes(path: Path) -> bytes:
    """The first HEAD bytes of a file, none where it cannot be read."""
    try:
        if is_file(path):
            with _opened(path) as stream:
                return stream.read(HEAD)
    except (OSError, ValueError):
        pass
    return b""


def _opened(path: Path) -> BinaryIO:
    try:
        if split(path):
            return BytesIO(read(path))
        return path.open("rb", buffering=0)  # or the first bytes would be copied once more with the rest
    except ValueError as error:  # a name that no file can have
        raise MeshError(path, f"cannot be read: {error}") from error
