"""What differs between a library and its index, and all of it that needs no rendering."""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from sketchshape.errors import FileError, MissingReaderError
from sketchshape.index.catalogue import Catalogue, set_fact
from sketchshape.index.library import File
from sketchshape.mesh import READER_VERSION
from sketchshape.zips import is_file

NEVER = -1  # time of a file that could not be opened: it is tried again each time


@dataclass
class Unknown:
    """A content of files that no shape of the index has.

    Args:
        hash: of the content.
        files: that have it; one is enough to encode it.
    """

    hash: str
    files: list[File] = field(default_factory=list)


class Changes:
    """Brings the catalogue of an index to the state of a folder.

    Args:
        catalogue: of the index.
        root: the folder, absolute.
    """

    def __init__(self, catalogue: Catalogue, root: Path) -> None:
        self.catalogue, self.root = catalogue, root
        self.counts: Counter[str] = Counter()
        self._hashes: dict[str, str] = dict(catalogue.rows("SELECT path, hash FROM shape"))
        self._ups: dict[str, tuple[str, ...]] = {}  # of each hash in the index, as one shape of it stands
        self._same: set[str] = set()  # paths that are counted as unchanged
        self._gone: defaultdict[str, list[str]] = defaultdict(list)
        self._closed: set[Path] = set()  # what could not be looked at, folders among it

    def apply(
        self,
        files: Sequence[File],
        failures: Mapping[Path, str],
        *,
        prune: bool,
        retry: bool,
        workers: int | None,
    ) -> dict[str, Unknown]:
        """Note files that moved, were copied, changed to a known content, or are gone, in one step.

        Args:
            files: that are in the folder.
            failures: files that could not be looked at, with the reasons.
            prune: also remove what is not under the folder.
            retry: open files again that failed before and have not changed.
            workers: files that are read at once.

        Returns:
            What is new, by its hash.
        """
        standing = _standing(self.catalogue)
        self._ups = dict(standing.values())
        self._closed = set(failures)
        if int(self.catalogue.fact("reader", "0")) != READER_VERSION:
            self._doubt_failures()
        opened = self._to_open(files, standing, retry)
        hashes, unreadable = _hashes(opened, workers)
        seen = {str(file.path) for file in files} | {str(path) for path in failures}
        unknown: dict[str, Unknown] = {}
        with self.catalogue.transaction() as base:
            set_fact(base, "reader", READER_VERSION)
            self._find_gone(seen, prune)
            for file in opened:
                if file.path in hashes:
                    self._place(base, file, hashes[file.path], unknown)
            self._remove_gone(base, seen, prune)
            for path, reason in {**failures, **unreadable}.items():
                self.fail(base, str(path), 0, NEVER, reason)
        return unknown

    def write(self, base: sqlite3.Connection, file: File, hash: str, ups: Sequence[str]) -> None:
        """Write the row of a file whose contents are in the catalogue; the id of a known path stays."""
        path, tags = str(file.path), json.dumps(file.tags, ensure_ascii=False)
        base.execute(
            "INSERT INTO shape (path, size, mtime, hash, format, tags) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (path) DO UPDATE SET size = excluded.size, mtime = excluded.mtime, "
            "hash = excluded.hash, format = excluded.format, tags = excluded.tags",
            (path, file.size, file.mtime, hash, file.path.suffix.lower(), tags),
        )
        _stand(base, path, hash, ups)
        base.execute("DELETE FROM failure WHERE path = ?", (path,))

    def write_new(self, base: sqlite3.Connection, file: File, hash: str, ups: Sequence[str]) -> None:
        """Write the row of a file and count it as added, changed, or only touched."""
        before = self._hashes.get(str(file.path))
        word = "added" if before is None else "unchanged" if before == hash else "changed"
        self.counts[word] += 1
        if word == "unchanged":
            self._same.add(str(file.path))
        self.write(base, file, hash, ups)

    def turn(self, base: sqlite3.Connection, path: str, hash: str, ups: Sequence[str]) -> None:
        """Let a shape stand in other ways than before; what it was counted as, it stays, if it differs."""
        if path in self._same:
            self._same.remove(path)
            self.counts["unchanged"] -= 1
        self.counts["turned"] += 1
        _stand(base, path, hash, ups)

    def fail(self, base: sqlite3.Connection, path: str, size: int, mtime: int, reason: str) -> None:
        """Note that a file cannot be indexed, and why."""
        base.execute(
            "INSERT OR REPLACE INTO failure (path, size, mtime, reason) VALUES (?, ?, ?, ?)",
            (path, size, mtime, reason),
        )

    def fail_all(self, base: sqlite3.Connection, files: Sequence[File], error: FileError) -> None:
        """Note that files of one content cannot be indexed; they are not found any more.

        What only lacks a package is tried again the next time.
        """
        for file in files:
            base.execute("DELETE FROM shape WHERE path = ?", (str(file.path),))
            time = NEVER if isinstance(error, MissingReaderError) else file.mtime
            self.fail(base, str(file.path), file.size, time, error.cause)

    def _doubt_failures(self) -> None:
        """Let each file that an older reader refused be tried again when it is next seen."""
        with self.catalogue.transaction() as base:
            base.execute("UPDATE failure SET mtime = ?", (NEVER,))

    def _to_open(self, files: Sequence[File], standing: Collection[str], retry: bool) -> list[File]:
        """Leave out the files that have the size and the time that they had, and were read as today."""
        query = "SELECT path, size, mtime FROM {}"
        indexed = {row for row in self.catalogue.rows(query.format("shape")) if row[0] in standing}
        failed = set() if retry else set(self.catalogue.rows(query.format("failure")))
        states = [(str(file.path), file.size, file.mtime) for file in files]
        self._same = {state[0] for state in states if state in indexed}
        self.counts["unchanged"] = len(self._same)
        known = indexed | failed
        return [file for file, state in zip(files, states, strict=True) if state not in known]

    def _find_gone(self, seen: set[str], prune: bool) -> None:
        for path, hash in self.catalogue.rows("SELECT path, hash FROM shape ORDER BY id"):
            if path not in seen and self._may_go(path, prune):
                self._gone[hash].append(path)

    def _may_go(self, path: str, prune: bool) -> bool:
        """Say whether a path that was not seen is gone: it is for this run to judge, and nothing hides it."""
        where = Path(path)
        return (prune or where.is_relative_to(self.root)) and self._closed.isdisjoint(where.parents)

    def _place(self, base: sqlite3.Connection, file: File, hash: str, unknown: dict[str, Unknown]) -> None:
        path, ups = str(file.path), self._ups.get(hash)
        if ups is None:
            unknown.setdefault(hash, Unknown(hash)).files.append(file)
        elif path not in self._hashes and (old := self._old_place(base, hash)):
            base.execute("UPDATE shape SET path = ? WHERE path = ?", (path, old))
            self._hashes[path] = self._hashes.pop(old)
            self.counts["moved"] += 1
            self.write(base, file, hash, ups)
        else:
            self.write_new(base, file, hash, ups)

    def _old_place(self, base: sqlite3.Connection, hash: str) -> str | None:
        """Find where a content was that is not there any more, in this folder or beside it."""
        if self._gone[hash]:
            return self._gone[hash].pop(0)
        rows = base.execute("SELECT path FROM shape WHERE hash = ? ORDER BY id", (hash,)).fetchall()
        return next((path for (path,) in rows if not (os.path.lexists(path) or is_file(Path(path)))), None)

    def _remove_gone(self, base: sqlite3.Connection, seen: set[str], prune: bool) -> None:
        gone = [(path,) for paths in self._gone.values() for path in paths]
        base.executemany("DELETE FROM shape WHERE path = ?", gone)
        self.counts["removed"] += len(gone)
        failed = [path for (path,) in base.execute("SELECT path FROM failure").fetchall() if path not in seen]
        lost = [(path,) for path in failed if self._may_go(path, prune)]
        base.executemany("DELETE FROM failure WHERE path = ?", lost)


def key_of(hash: str, up: str) -> str:
    """Name a content in the catalogue: a file with an axis up, as the reader of today sees it."""
    return as_read(f"{hash} {up}")


def as_read(text: str) -> str:
    """Name what was made of a file by the version of the reader too."""
    return f"{text} {READER_VERSION}"


def _standing(catalogue: Catalogue) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Give for each path the hash and the ways of its shape; none of what an older reader saw."""
    query = "SELECT path, hash, up, content FROM stand JOIN shape ON shape = id ORDER BY shape, place"
    ways: dict[str, tuple[str, tuple[str, ...]]] = {}
    old: set[str] = set()
    for path, hash, up, key in catalogue.rows(query):
        ways[path] = hash, (*ways.get(path, ("", ()))[1], up)
        if key != key_of(hash, up):
            old.add(path)
    return {path: one for path, one in ways.items() if path not in old}


def _stand(base: sqlite3.Connection, path: str, hash: str, ups: Sequence[str]) -> None:
    """Write the ways in which a shape stands."""
    ((shape,),) = base.execute("SELECT id FROM shape WHERE path = ?", (path,)).fetchall()
    rows = [(shape, place, up, key_of(hash, up)) for place, up in enumerate(ups)]
    before = base.execute("SELECT * FROM stand WHERE shape = ? ORDER BY place", (shape,)).fetchall()
    if rows != before:
        # Alone until it is compared with the others: a run may be stopped before that.
        base.execute("UPDATE shape SET grp = id WHERE id = ?", (shape,))
        base.execute("DELETE FROM stand WHERE shape = ?", (shape,))
        base.executemany("INSERT INTO stand VALUES (?, ?, ?, ?)", rows)


def _hashes(files: Sequence[File], workers: int | None) -> tuple[dict[Path, str], dict[Path, str]]:
    """Hash files in threads: the hashes, and the reasons where a file cannot be read."""

    def one(file: File) -> tuple[str, str]:
        try:
            return file.hash(), ""
        except OSError as error:
            return "", f"cannot be read: {error.strerror or error}"

    with ThreadPoolExecutor(workers or os.cpu_count() or 1, thread_name_prefix="hash") as pool:
        results = list(zip(files, pool.map(one, files), strict=True))
    good = {file.path: hash for file, (hash, _) in results if hash}
    return good, {file.path: reason for file, (hash, reason) in results if not hash}
