"""One process at a time works on an index."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sketchshape.errors import SketchshapeError

LOCK = "lock.sqlite"


class InWork(SketchshapeError):
    """Another process works on the index."""


@contextlib.contextmanager
def alone(target: Path) -> Iterator[None]:
    """Hold an index for this process: a lock that the system lets go of whatever ends the process.

    Raises:
        InWork: another process holds it.
        SketchshapeError: the folder cannot be written.
    """
    lock = sqlite3.connect(target / LOCK, timeout=0, isolation_level=None)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        if "locked" not in str(error):
            raise SketchshapeError(f"{target}: cannot be written ({error}); give a folder that can") from None
        raise InWork(f"{target}: another process is indexing it ({error}); wait for it") from None
    try:
        yield
    finally:
        lock.close()
