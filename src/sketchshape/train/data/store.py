"""Arrays under content keys in one file, so that nothing is computed twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from sketchshape.errors import ArtefactError
from sketchshape.types import F32

FORMAT = 1
_CHUNK = 500  # SQLite allows a limited number of parameters in one statement


class FeatureStore:
    """float32 arrays in a SQLite file; every `put` is kept even if the process is killed right after.

    Args:
        path: the file; made when it is not there.

    Raises:
        ArtefactError: the file is something else or of another format.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._base = sqlite3.connect(path, timeout=60)
            version = self._base.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, FORMAT):
                raise ArtefactError(f"{path}: format {version}, expected {FORMAT}; remove the file")
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute(
                "CREATE TABLE IF NOT EXISTS feature (key TEXT PRIMARY KEY, shape TEXT, data BLOB)"
            )
            self._base.execute(f"PRAGMA user_version = {FORMAT}")
        except sqlite3.DatabaseError as error:
            raise ArtefactError(f"{path}: not a feature store ({error}); remove the file") from None

    def __enter__(self) -> FeatureStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._base.close()

    def get(self, keys: Iterable[str]) -> dict[str, F32]:
        """Read what is there.

        Args:
            keys: content keys.

        Returns:
            The arrays of those keys that are known.
        """
        found: dict[str, F32] = {}
        for key, shape, data in self._select("key, shape, data", keys):
            size = tuple(int(side) for side in shape.split(","))
            found[key] = np.frombuffer(data, dtype="<f4").reshape(size)
        return found

    def known(self, keys: Iterable[str]) -> set[str]:
        """Give those of the keys that have an array."""
        return {key for (key,) in self._select("key", keys)}

    def put(self, items: Mapping[str, F32]) -> None:
        """Keep arrays; those of known keys are replaced.

        Args:
            items: content key -> float32 array of at least one dimension.
        """
        rows = [
            (key, ",".join(map(str, array.shape)), np.ascontiguousarray(array, dtype="<f4").tobytes())
            for key, array in items.items()
        ]
        with self._base:
            self._base.executemany("INSERT OR REPLACE INTO feature VALUES (?, ?, ?)", rows)

    def _select(self, columns: str, keys: Iterable[str]) -> Iterator[tuple[Any, ...]]:
        wanted = list(dict.fromkeys(keys))
        for start in range(0, len(wanted), _CHUNK):
            part = wanted[start : start + _CHUNK]
            marks = ",".join("?" * len(part))
            yield from self._base.execute(f"SELECT {columns} FROM feature WHERE key IN ({marks})", part)
