"""The tables of a catalogue, what brings those of an older format to them, and the checksums of their rows.

SQLite does not check what it reads. So the facts hold for each table the sum of the CRC-32 of its rows, which
does not depend on their order. Triggers of the connection that writes bring it up to date, within the same
transaction: it is right whenever that is whole.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable

from sketchshape.mesh import READER_VERSION

FORMAT = 3
_TABLES = """
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE content (
    key TEXT PRIMARY KEY, row INTEGER NOT NULL UNIQUE, faces INTEGER NOT NULL,
    width REAL NOT NULL, height REAL NOT NULL, depth REAL NOT NULL,
    outline BLOB NOT NULL, compared INTEGER NOT NULL DEFAULT 0,
    model TEXT NOT NULL, renderer INTEGER NOT NULL, preprocessing INTEGER NOT NULL);
CREATE TABLE shape (
    id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE, size INTEGER NOT NULL,
    mtime INTEGER NOT NULL, hash TEXT NOT NULL, format TEXT NOT NULL, tags TEXT NOT NULL,
    grp INTEGER NOT NULL DEFAULT 0);
CREATE INDEX shape_hash ON shape (hash);
CREATE TABLE twin (a TEXT NOT NULL, b TEXT NOT NULL, PRIMARY KEY (a, b)) WITHOUT ROWID;
CREATE TABLE failure (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime INTEGER NOT NULL, reason TEXT NOT NULL);
"""
_WAYS = """
CREATE TABLE stand (
    shape INTEGER NOT NULL, place INTEGER NOT NULL, up TEXT NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (shape, place)) WITHOUT ROWID;
CREATE INDEX stand_content ON stand (content);
CREATE TABLE reading (hash TEXT PRIMARY KEY, warnings TEXT NOT NULL, scores TEXT, judge TEXT);
CREATE TABLE chosen_shape (hash TEXT PRIMARY KEY, up TEXT NOT NULL);
CREATE TABLE chosen_folder (
    folder TEXT NOT NULL, format TEXT NOT NULL, up TEXT NOT NULL, PRIMARY KEY (folder, format));
"""
"""What format 2 has more. A shape stands in one way or more: each is a content, a file with an axis up."""
_NO_MORE = """
DROP INDEX shape_content;
ALTER TABLE shape DROP COLUMN content;
ALTER TABLE shape DROP COLUMN up;
ALTER TABLE failure DROP COLUMN up;
CREATE INDEX shape_hash ON shape (hash);
"""
SUMMED = {
    "fact": "name, value",
    "content": "key, row, faces, width, height, depth, compared, model, renderer, preprocessing",
    "shape": "id, path, size, mtime, hash, format, tags, grp",
    "failure": "path, size, mtime, reason",
    "stand": "shape, place, up, content",
    "reading": "hash, warnings, scores, judge",
    "chosen_shape": "hash, up",
    "chosen_folder": "folder, format, up",
    "twin": "a, b",
    "outline": "key, outline",
}
"""Of each table the columns that are summed; the outlines of contents, most of the file, for themselves."""
SEARCHED = ("fact", "content", "shape", "stand")  # what a search goes by
KEPT = ("fact", "chosen_shape", "chosen_folder")  # what --fresh keeps, or goes by
_TABLE, _SUM = {"outline": "content"}, "sum of "


def make_tables(base: sqlite3.Connection) -> None:
    """Make the tables of an empty catalogue, inside a transaction."""
    _run(base, _TABLES + _WAYS)
    begin_sums(base)
    base.execute(f"PRAGMA user_version = {FORMAT}")


def upgrade(base: sqlite3.Connection, version: int) -> None:
    """Bring a catalogue of an older format to that of today, inside a transaction; format 2 has no sums."""
    if version == 1:
        _give_ways(base)
    begin_sums(base)
    base.execute(f"PRAGMA user_version = {FORMAT}")


def _give_ways(base: sqlite3.Connection) -> None:
    """Bring format 1, where each shape stood in one way, to format 2.

    Nothing is drawn or encoded again: what an older reader saw counts as seen by that of today. A way other
    than y was given by a person: it stays as a choice for the shape. The others are judged by the next run.
    """
    _run(base, _WAYS)
    for column in ("content.key", "shape.content", "twin.a", "twin.b"):  # which reader is said since format 2
        table, name = column.split(".")
        base.execute(f"UPDATE {table} SET {name} = {name} || ' {READER_VERSION}'")
    base.execute("INSERT INTO stand SELECT id, 0, up, content FROM shape")
    base.execute("INSERT OR IGNORE INTO chosen_shape SELECT hash, up FROM shape WHERE up != 'y'")
    _run(base, _NO_MORE)


def forget_shapes(base: sqlite3.Connection) -> None:
    """Empty all tables but those of what a person chose, inside a transaction."""
    base.execute("DELETE FROM fact WHERE name NOT IN ('engine', 'engine_url', 'collection')")
    for table in ("content", "shape", "twin", "failure", "stand", "reading", "sqlite_sequence"):
        base.execute(f"DELETE FROM {table}")
    begin_sums(base)


def begin_sums(base: sqlite3.Connection) -> None:
    """Sum what is there, inside a transaction."""
    base.execute(f"DELETE FROM fact WHERE name LIKE '{_SUM}%'")
    sums = [(_SUM + name, str(_sum(base, name))) for name in SUMMED]
    base.executemany("INSERT INTO fact VALUES (?, ?)", sums)


def keep_sums(base: sqlite3.Connection) -> None:
    """Let a connection bring the sums up to date with each row that it writes; outside a transaction."""
    base.create_function("checksum", -1, lambda *row: _checksum(row), deterministic=True)
    base.execute("PRAGMA recursive_triggers = ON")  # else rows that are replaced are not seen to go
    for name, columns in SUMMED.items():
        old, new = (", ".join(f"{row}.{one}" for one in columns.split(", ")) for row in ("OLD", "NEW"))
        less, more = f"- checksum({old})", f"+ checksum({new})"
        for event, change in {"INSERT": more, "DELETE": less, f"UPDATE OF {columns}": less + more}.items():
            row = "OLD" if event == "DELETE" else "NEW"  # sums are no part of the sum of the facts
            others = f"WHEN {row}.name NOT LIKE '{_SUM}%'" if name == "fact" else ""
            base.execute(
                f"CREATE TEMP TRIGGER {name}_{event[:6]} AFTER {event} ON {_TABLE.get(name, name)} {others} "
                f"BEGIN UPDATE fact SET value = value {change} WHERE name = '{_SUM}{name}'; END"
            )


def altered(base: sqlite3.Connection, names: Iterable[str] | None) -> list[str]:
    """Say what is not as it was written, inside a snapshot: tables by their names.

    Args:
        base: the catalogue.
        names: of tables whose rows are compared with their sums; None is all, and whether SQLite finds them.
    """
    known = dict(base.execute("SELECT name, value FROM fact WHERE name LIKE ?", (f"{_SUM}%",)))
    found = [name for name in names or SUMMED if known.get(_SUM + name) != str(_sum(base, name))]
    if names is None and not found:
        found = [
            said.splitlines()[-1] for (said,) in base.execute("PRAGMA integrity_check(1)") if said != "ok"
        ]
    return found


def _sum(base: sqlite3.Connection, name: str) -> int:
    others = f"WHERE name NOT LIKE '{_SUM}%'" if name == "fact" else ""
    rows = base.execute(f"SELECT {SUMMED[name]} FROM {_TABLE.get(name, name)} {others}")
    return sum(map(_checksum, rows))


def _checksum(row: tuple[object, ...]) -> int:
    """The CRC-32 of a row as text, which is the same with every Python."""
    return zlib.crc32(ascii(row).encode())


def _run(base: sqlite3.Connection, statements: str) -> None:
    for statement in filter(str.strip, statements.split(";")):
        base.execute(statement)
