"""What differs between a library and its index, and all of it that needs no rendering."""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from sketchshape.index.catalogue import Catalogue
from sketchshape.index.library import File

NEVER = -1  # time of a file that could not be opened: it is tried again each time


@dataclass
class Unknown:
    """A content that is not in the index.

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
        up: axis of the files that points up; the same content with another one is another shape.
    """

    def __init__(self, catalogue: Catalogue, root: Path, up: str) -> None:
        self.catalogue, self.root, self.up = catalogue, root, up
        self.counts: Counter[str] = Counter()
        self._contents: dict[str, str] = {}  # of each path in the index
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
            The contents that have to be encoded, by their keys in the catalogue.
        """
        self._contents = dict(self.catalogue.rows("SELECT path, content FROM shape"))
        self._closed = set(failures)
        opened = self._to_open(files, retry)
        hashes, unreadable = _hashes(opened, workers)
        seen = {str(file.path) for file in files} | {str(path) for path in failures}
        unknown: dict[str, Unknown] = {}
        with self.catalogue.transaction() as base:
            self._find_gone(seen, prune)
            for file in opened:
                if file.path in hashes:
                    self._place(base, file, hashes[file.path], unknown)
            self._remove_gone(base, seen, prune)
            for path, reason in {**failures, **unreadable}.items():
                self.fail(base, str(path), 0, NEVER, reason)
        return unknown

    def write(self, base: sqlite3.Connection, file: File, hash: str) -> None:
        """Write the row of a file whose content is in the catalogue; the id of a known path stays."""
        path, key = str(file.path), self.key(hash)
        tags = json.dumps(file.tags, ensure_ascii=False)
        row = (path, file.size, file.mtime, key, hash, self.up, file.path.suffix.lower(), tags)
        base.execute(
            "INSERT INTO shape (path, size, mtime, content, hash, up, format, tags) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET size = excluded.size, "
            "mtime = excluded.mtime, content = excluded.content, hash = excluded.hash, up = excluded.up, "
            "format = excluded.format, tags = excluded.tags, grp = CASE content WHEN excluded.content "
            "THEN grp ELSE id END",
            row,
        )
        # Alone until it is compared with the others: a run may be stopped before that.
        base.execute("UPDATE shape SET grp = id WHERE path = ? AND grp = 0", (path,))
        base.execute("DELETE FROM failure WHERE path = ?", (path,))

    def write_new(self, base: sqlite3.Connection, file: File, hash: str) -> None:
        """Write the row of a file and count it as added, changed, or only touched."""
        before = self._contents.get(str(file.path))
        word = "added" if before is None else "unchanged" if before == self.key(hash) else "changed"
        self.counts[word] += 1
        self.write(base, file, hash)

    def fail(self, base: sqlite3.Connection, path: str, size: int, mtime: int, reason: str) -> None:
        """Note that a file cannot be indexed, and why."""
        row = (path, size, mtime, self.up, reason)
        base.execute(
            "INSERT OR REPLACE INTO failure (path, size, mtime, up, reason) VALUES (?, ?, ?, ?, ?)", row
        )

    def key(self, hash: str) -> str:
        """Name a content in the catalogue."""
        return f"{hash} {self.up}"

    def _to_open(self, files: Sequence[File], retry: bool) -> list[File]:
        """Leave out the files that have the size and the time that they had."""
        query = "SELECT path, size, mtime, up FROM {}"
        indexed = set(self.catalogue.rows(query.format("shape")))
        failed = set() if retry else set(self.catalogue.rows(query.format("failure")))
        states = [(str(file.path), file.size, file.mtime, self.up) for file in files]
        self.counts["unchanged"] = sum(state in indexed for state in states)
        known = indexed | failed
        return [file for file, state in zip(files, states, strict=True) if state not in known]

    def _find_gone(self, seen: set[str], prune: bool) -> None:
        for path, content in self.catalogue.rows("SELECT path, content FROM shape ORDER BY id"):
            if path not in seen and self._may_go(path, prune):
                self._gone[content].append(path)

    def _may_go(self, path: str, prune: bool) -> bool:
        """Say whether a path that was not seen is gone: it is for this run to judge, and nothing hides it."""
        where = Path(path)
        return (prune or where.is_relative_to(self.root)) and self._closed.isdisjoint(where.parents)

    def _place(self, base: sqlite3.Connection, file: File, hash: str, unknown: dict[str, Unknown]) -> None:
        key, path = self.key(hash), str(file.path)
        if not base.execute("SELECT 1 FROM content WHERE key = ?", (key,)).fetchone():
            unknown.setdefault(key, Unknown(hash)).files.append(file)
        elif path not in self._contents and (old := self._old_place(base, key)):
            base.execute("UPDATE shape SET path = ? WHERE path = ?", (path, old))
            self._contents[path] = self._contents.pop(old)
            self.counts["moved"] += 1
            self.write(base, file, hash)
        else:
            self.write_new(base, file, hash)

    def _old_place(self, base: sqlite3.Connection, key: str) -> str | None:
        """Find where a content was that is not there any more, in this folder or beside it."""
        if self._gone[key]:
            return self._gone[key].pop(0)
        rows = base.execute("SELECT path FROM shape WHERE content = ? ORDER BY id", (key,)).fetchall()
        return next((path for (path,) in rows if not os.path.lexists(path)), None)

    def _remove_gone(self, base: sqlite3.Connection, seen: set[str], prune: bool) -> None:
        gone = [(path,) for paths in self._gone.values() for path in paths]
        base.executemany("DELETE FROM shape WHERE path = ?", gone)
        self.counts["removed"] += len(gone)
        failed = [path for (path,) in base.execute("SELECT path FROM failure").fetchall() if path not in seen]
        lost = [(path,) for path in failed if self._may_go(path, prune)]
        base.executemany("DELETE FROM failure WHERE path = ?", lost)


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
