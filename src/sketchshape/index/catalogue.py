"""What an index knows of each shape: a SQLite file, the one place that says what is in the index."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from sketchshape.encoders.bundle import Bundle
from sketchshape.errors import ArtefactError, SketchshapeError, UsageError
from sketchshape.index.schema import FORMAT, SEARCHED, altered, keep_sums, make_tables, upgrade

NAME = "catalogue.sqlite"
UPS = "(SELECT GROUP_CONCAT(up, ' ') FROM (SELECT up FROM stand WHERE shape = id ORDER BY place))"
"""In a query of shapes: the ways of each, the likeliest first, with blanks between them."""
_ENTRY = (
    "SELECT id, path, size, mtime, shape.hash, format, faces, width, height, depth, grp, tags, warnings, "
    f"{UPS} FROM shape JOIN stand ON stand.shape = id AND place = 0 JOIN content ON stand.content = key "
    "LEFT JOIN reading ON reading.hash = shape.hash"
)


@dataclass(frozen=True)
class Entry:
    """A shape in an index.

    Args:
        id: stays the same while the file is there, also if it changes or moves.
        path: the mesh file.
        size: of the file in bytes.
        mtime: when the file was changed, in seconds since 1970.
        hash: SHA-256 of the content.
        format: suffix of the file, such as .glb.
        faces: triangles.
        bounds: extent along x, y (up) and z, in units of the file, as the shape is judged to stand.
        group: smallest id of the shapes that look the same; its own where there is none.
        tags: names of the folders that it is in, from the folder that was indexed.
        ups: axes of the file that may point up, the likeliest first; one where that is sure.
        warnings: what of the file was left out or guessed.
    """

    id: int
    path: Path
    size: int
    mtime: float
    hash: str
    format: str
    faces: int
    bounds: tuple[float, float, float]
    group: int
    tags: tuple[str, ...]
    ups: tuple[str, ...] = ("y",)
    warnings: tuple[str, ...] = ()

    @property
    def up(self) -> str:
        """The axis of the file that points up where the shape is shown."""
        return self.ups[0]


class Catalogue:
    """The tables of an index; may be read from several threads.

    Args:
        index: folder of the index.
        create: make the file where there is none.
        checked: tables whose rows are compared with their checksums; None is all where the file may be
            made, and else those that a search goes by.

    Raises:
        UsageError: there is no index in the folder.
        ArtefactError: the file is damaged, altered, or of another format.
    """

    def __init__(self, index: Path, *, create: bool = False, checked: Collection[str] | None = None) -> None:
        self.path = index / NAME
        if not create and not self.path.is_file():
            raise _none(index)
        self._lock, self._summed = threading.RLock(), False
        try:
            self.base = sqlite3.connect(self.path, timeout=30, check_same_thread=False, isolation_level=None)
            self._open(index, create, None if create and checked is None else checked or SEARCHED)
        except (sqlite3.DatabaseError, UnicodeError) as error:  # also of what SQLite says
            raise damaged(self.path, error) from None

    def _open(self, index: Path, create: bool, checked: Collection[str] | None) -> None:
        version = self.base.execute("PRAGMA user_version").fetchone()[0]
        if version == 0 and not create:  # a first run was ended before it had written anything
            raise _none(index)
        if version == 1 and not create:
            raise ArtefactError(
                f"{self.path}: format 1, expected {FORMAT}, in which shapes may stand in several ways; "
                f"run this once, nothing is drawn again: sketchshape index FOLDER --out {index}"
            )
        if version not in (0, 1, 2, FORMAT):
            raise ArtefactError(f"{self.path}: format {version}, expected {FORMAT}; index again with --fresh")
        if version == FORMAT:
            with self.snapshot():
                names = altered(self.base, checked)
            if names:
                raise damaged(self.path, f"altered since it was written: {', '.join(names)}")
        elif create:
            with self.transaction():
                make_tables(self.base) if version == 0 else upgrade(self.base, version)

    def __enter__(self) -> Catalogue:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.base.close()

    def __len__(self) -> int:
        return int(self.rows("SELECT COUNT(*) FROM shape")[0][0])

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Do all that is written in the block, or nothing of it, also if the process is killed."""
        with self._lock, self._explained():
            if not self._summed and int(self.base.execute("PRAGMA user_version").fetchone()[0]) == FORMAT:
                keep_sums(self.base)
                self._summed = True
            self.base.execute("BEGIN IMMEDIATE")
            try:
                yield self.base
                self.base.execute("COMMIT")
            except BaseException:
                if self.base.in_transaction:  # a full disk has ended it already
                    self.base.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read one state of the index in the block, whatever another process writes meanwhile."""
        with self._lock:
            self.base.execute("BEGIN")
            try:
                yield
            finally:
                self.base.execute("ROLLBACK")

    def rows(self, query: str, *values: Any) -> list[Any]:
        """Give all rows of a query."""
        with self._lock, self._explained():
            return self.base.execute(query, values).fetchall()

    def state(self) -> int:
        """Give a number that is another one as soon as another connection has written."""
        return int(self.rows("PRAGMA data_version")[0][0])

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Say what to do where the file cannot be read or written."""
        try:
            yield
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_ERROR:  # such as a table that is gone
                raise damaged(self.path, error) from error
            raise SketchshapeError(
                f"{self.path}: cannot be read or written ({error}); make room where it is full, and give the "
                "same command again: it goes on from there"
            ) from error
        except (sqlite3.DatabaseError, UnicodeError) as error:
            raise damaged(self.path, error) from error

    def get(self, id: int) -> Entry:
        """Give a shape.

        Raises:
            UsageError: there is no shape of that id.
        """
        found = self.rows(f"{_ENTRY} WHERE id = ?", id)
        if not found:
            raise UsageError(
                f"no shape {id} in {self.path.parent}; the ids are in `sketchshape search --json`"
            )
        return _entry(found[0])

    def entries(self, offset: int = 0, limit: int = -1) -> list[Entry]:
        """Give shapes by rising id; a limit below 0 gives all."""
        return [_entry(row) for row in self.rows(f"{_ENTRY} ORDER BY id LIMIT ? OFFSET ?", limit, offset)]

    def find(self, path: Path) -> int | None:
        """Give the id of the shape of a file; None where the file is not in the index."""
        try:
            found = self.rows("SELECT id FROM shape WHERE path = ?", str(path))
        except UnicodeEncodeError:  # a name that is not UTF-8 is in no index
            return None
        return int(found[0][0]) if found else None

    def failures(self) -> list[tuple[Path, str]]:
        """Give the files that could not be indexed, with the reasons."""
        return [
            (Path(path), reason)
            for path, reason in self.rows("SELECT path, reason FROM failure ORDER BY path")
        ]

    def warnings(self) -> list[tuple[Path, tuple[str, ...]]]:
        """Give the files of which something was left out or guessed, with what."""
        query = (
            "SELECT path, warnings FROM shape JOIN reading USING (hash) WHERE warnings != '[]' ORDER BY path"
        )
        return [(Path(path), tuple(json.loads(warnings))) for path, warnings in self.rows(query)]

    def unsure(self) -> int:
        """Count the shapes that are searched in several ways up."""
        return int(self.rows("SELECT COUNT(*) FROM stand WHERE place = 1")[0][0])

    def fact(self, name: str, default: str) -> str:
        """Give a fact on the index as a whole."""
        found = self.rows("SELECT value FROM fact WHERE name = ?", name)
        return str(found[0][0]) if found else default

    def made_with(self, bundle: Bundle) -> tuple[str, int, int]:
        """Give what each vector that is made now is marked with: model, renderer, preprocessing."""
        return bundle.hash, bundle.renderer, bundle.preprocessing

    def check_made_with(self, bundle: Bundle) -> None:
        """Refuse to mix vectors of two networks, two renderers or two ways of preparing.

        Raises:
            ArtefactError: a vector in the index was not made with `bundle`.
        """
        wanted = self.made_with(bundle)
        for found in self.rows("SELECT DISTINCT model, renderer, preprocessing FROM content"):
            for what, one, other in zip(("model", "renderer", "preprocessing"), found, wanted, strict=True):
                if one != other:
                    raise ArtefactError(
                        f"{self.path.parent} was made with {what} {str(one)[:12]}, not {str(other)[:12]}; "
                        "their vectors do not compare: give the bundle that it was made with (--bundle), or "
                        "index again with --fresh"
                    )


def _none(index: Path) -> UsageError:
    return UsageError(f"{index}: no index in it; make one: sketchshape index FOLDER --out {index}")


def damaged(path: Path, error: object) -> ArtefactError:
    """Say that a file of an index is not as it was written, and what to do."""
    return ArtefactError(f"{path}: not readable ({error}); index again with --fresh")


def set_fact(base: sqlite3.Connection, name: str, value: int | str) -> None:
    """Write a fact on the index as a whole, inside a transaction."""
    base.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, str(value)))


def _entry(row: tuple[Any, ...]) -> Entry:
    id, path, size, mtime, hash, format, faces, width, height, depth, group, tags, warnings, ups = row
    return Entry(
        *(id, Path(path), size, mtime / 1e9, hash, format, faces, (width, height, depth), group),
        *(tuple(json.loads(tags)), tuple(ups.split()), tuple(json.loads(warnings or "[]"))),
    )
