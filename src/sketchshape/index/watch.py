"""An index that follows its folder: a run for what changed, once nothing is being written any more."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path

from sketchshape.datasets.walk import hidden
from sketchshape.errors import ArtefactError, SketchshapeError, UsageError, demand_packages
from sketchshape.index.build import IndexSummary
from sketchshape.index.library import mesh_files
from sketchshape.mesh import FORMATS

QUIET = 1.0  # seconds without a change after which files are whole
LONGEST = 60.0  # seconds that one file which is never quiet keeps the others waiting
RETRY = 5.0  # seconds from a run that failed to the next
TICK = 0.4  # seconds between two looks at what happened
PARTS = frozenset({*FORMATS, ".bin", ".zip"})  # of files that a change of matters
Failure = SketchshapeError | OSError | sqlite3.Error


class State(Enum):
    """What can be said of a folder at a moment."""

    CHANGED = "changed, and quiet since"
    SAME = "nothing new, or still being written"
    GONE = "not there"


def follow(folder: Path, index: Path, run: Callable[[], IndexSummary]) -> Iterator[IndexSummary | Failure]:
    """Index a folder now and after each change, for ever.

    Args:
        folder: the library.
        index: folder of the index, which may be in the library.
        run: brings the index to the state of the folder.

    Yields:
        What each run did, or why it failed: it is tried again after some seconds, and after each change.

    Raises:
        MissingExtraError: the extra [watch] is not installed.
        UsageError: at the start there is no such folder, or the index is a folder of something else.
        ArtefactError: at the start the index is damaged, or was made with another bundle or renderer.
    """
    demand_packages("watch", "watchfiles")
    root = Path(os.path.abspath(folder))
    if not root.exists():
        raise UsageError(f"{folder}: no such folder; expected one with mesh files in it")
    due, gone, begun = float("inf"), False, False
    for state in states(root, Path(os.path.abspath(index))):
        if state is State.GONE:
            if not gone:
                yield UsageError(f"{folder}: the folder is gone; what is indexed stays until it is back")
            gone, due = True, float("inf")
            continue
        gone = False
        if state is State.CHANGED:
            due = time.monotonic()
        if time.monotonic() < due:
            continue
        try:
            done: IndexSummary | Failure = run()
            due = float("inf")
            begun = True
        except (SketchshapeError, OSError, sqlite3.Error) as error:
            if not begun and isinstance(error, UsageError | ArtefactError) and any(mesh_files(root)):
                raise  # that will not mend itself; a folder without shapes may get some
            done, due = error, time.monotonic() + RETRY
        yield done


def states(root: Path, index: Path) -> Iterator[State]:
    """Tell the state of a folder every moment; at the start, and when it is back, it has changed.

    Args:
        root: the folder, absolute.
        index: what is written there is no change.
    """
    from watchfiles import watch

    while True:
        whole = root.is_dir()
        watched = root if whole else root.parent  # of an archive: it may be replaced by another file
        known = _identity(watched)
        if known is None or not root.exists():
            yield State.GONE
            time.sleep(TICK)
            continue
        begun, last, changed = time.monotonic(), 0.0, True
        with contextlib.suppress(FileNotFoundError):  # it went between these lines
            for events in watch(
                watched,
                watch_filter=lambda _, path: _matters(path, root, index),
                debounce=int(1000 * TICK),
                rust_timeout=int(1000 * TICK),
                yield_on_timeout=True,
                recursive=whole,
                ignore_permission_denied=True,
            ):
                now = time.monotonic()
                if (
                    _identity(root) != known
                ):  # gone, or another folder in its place: nothing is told of that one
                    break
                if events:
                    begun, last, changed = (begun if changed else now), now, True
                if changed and (now - last >= QUIET or now - begun >= LONGEST):
                    changed = False
                    yield State.CHANGED
                else:
                    yield State.SAME


def _matters(path: str, root: Path, index: Path) -> bool:
    """Say whether a change may be one of shapes: of a file that is read, of a folder, or of what went."""
    where = Path(path)
    if where.is_relative_to(index) or not where.is_relative_to(root):
        return False
    if any(hidden(part) for part in where.relative_to(root).parts):
        return False
    return where.suffix.lower() in PARTS or where.is_dir() or not where.exists()


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        state = folder.stat()
    except OSError:
        return None
    return state.st_dev, state.st_ino
