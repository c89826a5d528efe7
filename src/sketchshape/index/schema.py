"""The tables of a catalogue, and what brings those of an older format to them."""

from __future__ import annotations

import sqlite3

from sketchshape.mesh import READER_VERSION

FORMAT = 2
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


def make_tables(base: sqlite3.Connection) -> None:
    """Make the tables of an empty catalogue, inside a transaction."""
    _run(base, _TABLES + _WAYS)
    base.execute(f"PRAGMA user_version = {FORMAT}")


def upgrade(base: sqlite3.Connection) -> None:
    """Bring format 1, where each shape stood in one way, to format 2, inside a transaction.

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
    base.execute(f"PRAGMA user_version = {FORMAT}")


def forget_shapes(base: sqlite3.Connection) -> None:
    """Empty all tables but those of what a person chose, inside a transaction."""
    base.execute("DELETE FROM fact WHERE name NOT IN ('engine', 'engine_url', 'collection')")
    for table in ("content", "shape", "twin", "failure", "stand", "reading", "sqlite_sequence"):
        base.execute(f"DELETE FROM {table}")


def _run(base: sqlite3.Connection, statements: str) -> None:
    for statement in filter(str.strip, statements.split(";")):
        base.execute(statement)
