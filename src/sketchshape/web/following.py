"""A service that runs sees what other processes do to its index: a look every second, for next to nothing."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from pathlib import Path

from sketchshape.errors import SketchshapeError
from sketchshape.search import Searcher
from sketchshape.web.library import Library

EVERY = 1.0  # seconds between two looks
SHARE = 20  # at most one part in so many of the time goes into reading an index that changes all the time


class Following:
    """Lets the searches that come see an index as the last run that wrote to it left it.

    Args:
        library: that is served.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._file = _identity(library.searcher.catalogue.path)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="web-following", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """End it."""
        self._end.set()

    def look(self) -> bool:
        """Look once, and say whether there was something new; what cannot be read changes nothing."""
        old = self._library.searcher
        with contextlib.suppress(SketchshapeError, OSError, sqlite3.Error):
            found = _identity(old.catalogue.path)
            if found is not None and found != self._file:  # made anew in another file
                held = {"engine": old.held.engine, "engine_url": old.held.url}
                self._library.reload(Searcher.open(self._library.index, old.bundle, **held))
                self._file = found
                return True
            if old.catalogue.state() != old.state:
                old.catalogue.check_made_with(old.bundle)  # else what was read stays as it is
                self._library.reload()
                return True
        return False

    def _follow(self) -> None:
        pause = EVERY
        while not self._end.wait(pause):
            begin = time.monotonic()
            self.look()
            pause = max(EVERY, SHARE * (time.monotonic() - begin))


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_dev, state.st_ino
