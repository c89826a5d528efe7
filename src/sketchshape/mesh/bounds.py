"""How much a file may ask for: counted before it is done, and held against the size of the file."""

from __future__ import annotations

from pathlib import Path

from sketchshape.errors import MeshError

FREE = 8_000_000
"""Vertices and triangles that any file may have: half a gigabyte and a second or two. Instances of one mesh
cost a file nothing; no collection that was looked at draws a tenth of this from a file of a few megabytes."""


class TooMuch(MeshError):
    """A file asks for far more than its size lets one expect. It is refused whole, not read in part."""


class Budget:
    """What a file may still ask for.

    Args:
        path: the file, for errors.
        size: of it in bytes; what is stored once takes a byte at least, however well it is packed.
        what: is done with so many vertices and triangles.
    """

    def __init__(self, path: Path, size: int, what: str) -> None:
        self._path, self._what, self._size, self._spent = path, what, size, 0

    def grow(self, size: int) -> None:
        """Add the bytes of another file that belongs to it."""
        self._size += size

    def spend(self, count: int) -> None:
        """Take from what is left, before the work is done.

        Raises:
            TooMuch: there is less.
        """
        self._spent += max(int(count), 0)
        most = max(FREE, self._size)
        if self._spent > most:
            cause = f"{self._what} more than {most} vertices and triangles from {self._size} bytes"
            raise TooMuch(self._path, f"{cause}; export it with less that is repeated")
