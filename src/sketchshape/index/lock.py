"""One process at a time works on an index."""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sketchshape.errors import SketchshapeError
from sketchshape.files import write_text

LOCK = "lock.sqlite"
HOLDER = "holder.txt"


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
        raise InWork(f"{target}: another process is indexing it{_holder(target)}; wait for it") from None
    try:
        _sign(target)
        yield
    finally:
        with contextlib.suppress(OSError):
            (target / HOLDER).unlink(missing_ok=True)
        lock.close()


def _sign(target: Path) -> None:
    """Say who holds an index, for those who find it held."""
    with contextlib.suppress(OSError):  # on a disk that is full, nobody is named
        write_text(target / HOLDER, f"process {os.getpid()} on {socket.gethostname()}")


def _holder(target: Path) -> str:
    try:
        return f" ({(target / HOLDER).read_text(encoding='utf-8')[:200]})"
    except (OSError, ValueError):
        return ""
