"""What an index keeps of contents: vectors are added, unused ones removed, near-identical ones grouped."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sketchshape.encoders.bundle import Bundle
from sketchshape.encoders.likeness import COSINE
from sketchshape.engines.vectors import Vectors
from sketchshape.errors import ArtefactError, FileError
from sketchshape.index.catalogue import Catalogue, set_fact
from sketchshape.index.changes import Changes, key_of
from sketchshape.index.groups import components, twins
from sketchshape.index.ways import Job
from sketchshape.metrics.rows import unit
from sketchshape.types import F32

if TYPE_CHECKING:
    from sketchshape.index.encode import Encoded

_SUM = "sum"  # the fact on how many rows there are and their CRC-32, by which an altered bit is seen
HOLES = 1000  # rows of no shape that are worth a new file, if they are also as many as the others


def open_vectors(catalogue: Catalogue, width: int) -> Vectors:
    """Give the file of vectors that a catalogue speaks of."""
    return Vectors(catalogue.path.parent / _name(int(catalogue.fact("vectors", "1"))), width)


def read_vectors(catalogue: Catalogue, width: int) -> F32:
    """Map the vectors of an index into memory: (rows, width) float32, read-only.

    Raises:
        ArtefactError: the file is not as it was written.
    """
    vectors, count = open_vectors(catalogue, width), row_count(catalogue)
    rows = vectors.read(count)
    known = catalogue.fact(_SUM, "")
    # An index of before there were sums has none; what was written past the catalogue has another count.
    if known.startswith(f"{count} ") and known != _sum_of(count, _crc(rows)):
        raise ArtefactError(f"{vectors.path}: altered since it was written; index again with --fresh")
    return rows


def keep(
    catalogue: Catalogue,
    bundle: Bundle,
    changes: Changes,
    ready: Sequence[tuple[Job, Mapping[str, Encoded] | FileError]],
) -> None:
    """Write what was encoded: first the vectors, then the rows that speak of them, in one step.

    Args:
        catalogue: of the index.
        bundle: that encoded.
        changes: of this run.
        ready: some of the jobs, each with what was made of each way that it lacked, or its error.
    """
    good = [(job, made) for job, made in ready if not isinstance(made, FileError)]
    new = [(key_of(job.hash, up), one) for job, made in good for up, one in made.items()]
    count = row_count(catalogue)
    total = _sum_before(catalogue, bundle.numbers, count)
    if new:
        data = open_vectors(catalogue, bundle.numbers).append([one.vector for _, one in new], count)
        total = zlib.crc32(data, total)
    made_with = catalogue.made_with(bundle)
    with catalogue.transaction() as base:
        set_fact(base, "rows", count + len(new))
        set_fact(base, _SUM, _sum_of(count + len(new), total))
        for row, (key, one) in enumerate(new, count):
            base.execute(
                "INSERT INTO content (key, row, faces, width, height, depth, outline, model, renderer, "
                "preprocessing) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (key, row, one.faces, *one.bounds, one.outline.tobytes(), *made_with),
            )
        for job, made in good:
            for one in made.values():
                write_reading(base, job.hash, one.warnings)
            for file in job.files:
                changes.write_new(base, file, job.hash, job.ways[str(file.path)])
            for path in job.turned:
                changes.turn(base, path, job.hash, job.ways[path])
        for job, error in ready:
            if isinstance(error, FileError):
                changes.fail_all(base, job.files, error)


def write_reading(base: sqlite3.Connection, hash: str, warnings: Sequence[str]) -> None:
    """Note what reading a file said; what an older reader said of it goes."""
    row = (hash, json.dumps(warnings, ensure_ascii=False))
    base.execute(
        "INSERT INTO reading (hash, warnings) VALUES (?, ?) "
        "ON CONFLICT (hash) DO UPDATE SET warnings = excluded.warnings",
        row,
    )


def row_count(catalogue: Catalogue) -> int:
    """Count the rows of the file of vectors that the catalogue speaks of, unused ones between included."""
    return int(catalogue.fact("rows", "0"))


def remove_unused(catalogue: Catalogue) -> None:
    """Remove contents that no file has any more."""
    with catalogue.transaction() as base:
        base.execute("DELETE FROM stand WHERE shape NOT IN (SELECT id FROM shape)")
        base.execute("DELETE FROM content WHERE key NOT IN (SELECT content FROM stand)")
        base.execute("DELETE FROM reading WHERE hash NOT IN (SELECT hash FROM shape)")
        for side in ("a", "b"):
            base.execute(f"DELETE FROM twin WHERE {side} NOT IN (SELECT key FROM content)")


def group(catalogue: Catalogue, bundle: Bundle) -> int:
    """Compare contents that are new with all, and number the groups of near-identical shapes.

    A shape that stands in several ways is near-identical to another if it is so in one of them.

    Args:
        catalogue: of the index.
        bundle: that the index is made with.

    Returns:
        How many groups have two shapes or more.
    """
    rows = catalogue.rows("SELECT key, row, compared FROM content ORDER BY row")
    fresh = np.array([n for n, (_, _, compared) in enumerate(rows) if not compared], np.int64)
    found: list[tuple[str, str]] = []
    if len(fresh):
        stored = read_vectors(catalogue, bundle.numbers)
        places = np.array([row for _, row, _ in rows])
        whole = len(stored) == len(places)  # no row is of no content: nothing has to be copied
        vectors: F32 = stored if whole else stored[places]
        if bundle.likeness is not COSINE:  # whose vectors have length 1
            vectors = unit(vectors)
        outlines = _Outlines(catalogue, [key for key, _, _ in rows])
        found = [(rows[a][0], rows[b][0]) for a, b in twins(vectors, outlines, fresh)]
    with catalogue.transaction() as base:
        base.executemany("INSERT OR IGNORE INTO twin VALUES (?, ?)", found)
        base.execute("UPDATE content SET compared = 1 WHERE compared = 0")
        first = dict(base.execute("SELECT content, MIN(shape) FROM stand GROUP BY content").fetchall())
        ways = "SELECT one.content, other.content FROM stand AS one JOIN stand AS other USING (shape) "
        ways += "WHERE one.place = 0 AND other.place > 0"
        pairs = base.execute(f"SELECT a, b FROM twin UNION ALL {ways}").fetchall()
        groups = components(first, pairs)
        base.executemany(
            "UPDATE shape SET grp = ?1 WHERE grp != ?1 AND "
            "id IN (SELECT shape FROM stand WHERE content = ?2)",
            [(number, content) for content, number in groups.items()],
        )
        many = "SELECT COUNT(*) FROM (SELECT 1 FROM shape GROUP BY grp HAVING COUNT(*) > 1)"
        return int(base.execute(many).fetchone()[0])


def compact(catalogue: Catalogue, width: int) -> None:
    """Write the vectors anew where at least half of the rows are of no shape any more; remove old files."""
    vectors = open_vectors(catalogue, width)
    rows = catalogue.rows("SELECT key, row FROM content ORDER BY row")
    holes = row_count(catalogue) - len(rows)
    if holes >= max(HOLES, len(rows)):
        number = int(catalogue.fact("vectors", "1")) + 1
        kept: F32 = read_vectors(catalogue, width)[[row for _, row in rows]]
        vectors = Vectors(catalogue.path.parent / _name(number), width)
        vectors.write(kept)
        with catalogue.transaction() as base:
            # In rising order each new row is free by then: it is not above the old one.
            base.executemany(
                "UPDATE content SET row = ? WHERE key = ?", [(new, key) for new, (key, _) in enumerate(rows)]
            )
            set_fact(base, "rows", len(rows))
            set_fact(base, _SUM, _sum_of(len(rows), _crc(kept)))
            set_fact(base, "vectors", number)
    for path in catalogue.path.parent.glob("vectors-*.f32"):
        if path != vectors.path:
            _forget(path)


class _Outlines(Sequence["np.ndarray[tuple[int, ...], np.dtype[np.uint8]]"]):
    """The outlines of contents, read when they are asked for: few are."""

    def __init__(self, catalogue: Catalogue, keys: Sequence[str]) -> None:
        self._catalogue, self._keys = catalogue, keys

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, place):  # type: ignore[no-untyped-def]
        ((data,),) = self._catalogue.rows("SELECT outline FROM content WHERE key = ?", self._keys[place])
        return np.frombuffer(data, np.uint8).reshape(-1, 8, 8)


def _sum_before(catalogue: Catalogue, width: int, count: int) -> int:
    known = catalogue.fact(_SUM, "").split()
    if known[:1] == [str(count)]:
        return int(known[1])
    return _crc(open_vectors(catalogue, width).read(count))


def _crc(rows: F32) -> int:
    data: Any = np.ascontiguousarray(rows)
    return zlib.crc32(data)


def _sum_of(count: int, total: int) -> str:
    return f"{count} {total}"


def _name(number: int) -> str:
    return f"vectors-{number}.f32"


def _forget(path: Path) -> None:
    with contextlib.suppress(OSError):  # another process reads it; the next run removes it
        path.unlink()
