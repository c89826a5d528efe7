"""Which way up a person has chosen, for a shape by its content and for the files of a folder."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from functools import cache
from pathlib import Path, PurePath

from sketchshape.errors import UsageError
from sketchshape.index.catalogue import Catalogue
from sketchshape.mesh import AXES
from sketchshape.upright.told import obeys

AUTO = "auto"
WAYS: tuple[str, ...] = (AUTO, *AXES)
ALL = ""  # the format of a choice for all files of a folder, but for those that say their axis


def check_way(up: str) -> None:
    """Refuse what is no way up.

    Raises:
        UsageError: `up` is neither auto nor an axis.
    """
    if up not in WAYS:
        raise UsageError(f"up is {up!r}, expected one of: {', '.join(WAYS)}")


class Choices:
    """The choices of an index as they are now.

    That of the shape counts first, then that of the nearest folder: there for its format, then for all.

    Args:
        catalogue: of the index.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._shapes: dict[str, str] = dict(catalogue.rows("SELECT hash, up FROM chosen_shape"))
        self._folders = {
            (folder, format): up
            for folder, format, up in catalogue.rows("SELECT folder, format, up FROM chosen_folder")
        }
        self._of_folder = cache(self._look_up)

    def of(self, path: str, hash: str) -> str | None:
        """Give the axis that was chosen for a file; None where it is to be judged."""
        if hash in self._shapes:
            return self._shapes[hash]
        where = PurePath(path)
        return self._of_folder(where.parent, where.suffix.lower()) if self._folders else None

    def _look_up(self, folder: PurePath, suffix: str) -> str | None:
        for place in (folder, *folder.parents):
            if up := self._folders.get((str(place), suffix)):
                return None if up == AUTO else up
            if up := self._folders.get((str(place), ALL)):
                return up if up != AUTO and obeys(suffix, up) else None
        return None


def choose_folder(base: sqlite3.Connection, folder: Path, up: str, format: str = ALL) -> None:
    """Keep a choice for the files of a folder and of those below that have none of their own; auto judges."""
    base.execute("INSERT OR REPLACE INTO chosen_folder VALUES (?, ?, ?)", (str(folder), format, up))


def choose_shape(base: sqlite3.Connection, hash: str, up: str) -> None:
    """Keep a choice for a content; auto forgets the one that there is."""
    if up == AUTO:
        base.execute("DELETE FROM chosen_shape WHERE hash = ?", (hash,))
    else:
        base.execute("INSERT OR REPLACE INTO chosen_shape VALUES (?, ?)", (hash, up))


def forget_shapes(base: sqlite3.Connection, hashes: Iterable[str]) -> None:
    """Forget what was chosen for contents: a choice for their folder takes its place."""
    base.executemany("DELETE FROM chosen_shape WHERE hash = ?", [(hash,) for hash in hashes])
