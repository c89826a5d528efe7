"""The vectors of an index: rows of float32 in a file that is only ever added to, and mapped into memory."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sketchshape.errors import ArtefactError, SketchshapeError
from sketchshape.files import atomic
from sketchshape.types import F32


class Vectors:
    """Rows of one length in a file without a header.

    Rows are on the disk before the catalogue speaks of them. What a killed process left behind those is
    written over by the next one; a row that the catalogue knows never changes.

    Args:
        path: the file.
        width: numbers of a row.
    """

    def __init__(self, path: Path, width: int) -> None:
        self.path, self.width = path, width

    def append(self, rows: Sequence[F32], after: int) -> bytes:
        """Write rows behind the first `after` ones.

        Args:
            rows: (width,) float32 each.
            after: number of rows that are kept.

        Returns:
            What was written.

        Raises:
            ArtefactError: the file has less than `after` rows.
            SketchshapeError: the disk is full, or fails.
        """
        data = np.ascontiguousarray(np.stack(rows), dtype="<f4").tobytes()
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
            with os.fdopen(descriptor, "r+b") as stream:
                self._demand(os.fstat(descriptor).st_size, after)
                stream.seek(after * self.width * 4)
                stream.write(data)
                stream.flush()
                os.fsync(descriptor)
        except OSError as error:
            raise SketchshapeError(
                f"{self.path}: cannot be written ({error.strerror or error}); make room where it is full, "
                "and give the same command again: it goes on from there"
            ) from error
        return data

    def read(self, count: int) -> F32:
        """Map the first rows into memory.

        Args:
            count: of the rows.

        Returns:
            (count, width) float32, read-only.

        Raises:
            ArtefactError: the file has less rows.
        """
        if not count:
            return np.empty((0, self.width), np.float32)
        self._demand(self.path.stat().st_size if self.path.is_file() else 0, count)
        return np.asarray(np.memmap(self.path, "<f4", "r", shape=(count, self.width)))

    def write(self, rows: F32) -> None:
        """Write a new file with these rows, atomically."""
        with atomic(self.path) as temporary, temporary.open("wb") as stream:
            for start in range(0, len(rows), 4096):
                stream.write(np.ascontiguousarray(rows[start : start + 4096], dtype="<f4").tobytes())
            stream.flush()
            os.fsync(stream.fileno())

    def _demand(self, size: int, count: int) -> None:
        if size < count * self.width * 4:
            have = size // (self.width * 4)
            raise ArtefactError(f"{self.path}: {have} vectors, expected {count}; index again with --fresh")
