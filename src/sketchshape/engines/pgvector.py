"""PostgreSQL with the extension pgvector: a table for each index, searched along a graph (HNSW)."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterator, Sequence
from queue import Empty, LifoQueue
from typing import TYPE_CHECKING, Any

import numpy as np

from sketchshape.engines.engine import Rows, Where, differing, none_held, of_another, unreachable
from sketchshape.errors import SketchshapeError, UsageError, demand_packages
from sketchshape.types import F32, I64

if TYPE_CHECKING:
    from psycopg import Connection

BLOCK = 10_000  # vectors of one transaction: a run that is killed goes on behind it
LEAST, MOST = 100, 1_000  # of ef_search: how many are looked at, and so how many can be asked for
PATIENCE = 5  # seconds for a connection
# Of each index, what made its vectors: the table in which they are has the name of the collection.
RECORD = "sketchshape_held"
COLUMNS = "(collection text PRIMARY KEY, made_with text NOT NULL, width int NOT NULL)"


class Pgvector:
    """Asks a PostgreSQL server; see `Engine`."""

    def __init__(self, rows: Rows, where: Where) -> None:
        _demand(where)
        self._rows, self._where = rows, where
        self._idle: LifoQueue[Connection[Any]] = LifoQueue()
        weakref.finalize(self, _close_all, self._idle)
        with self._connection() as connection:
            if not _is_held(connection, rows, where):
                raise none_held("pgvector", where)

    @classmethod
    def bring(cls, rows: Rows, where: Where, *, fresh: bool = False) -> None:
        """Let the table of an index have these rows; see `Engine`."""
        _demand(where)
        table, graph = where.collection, f"{where.collection}_graph"
        with _explained(where), contextlib.closing(_connect(where, make=True)) as connection:
            if fresh:
                _run(connection, "DROP TABLE IF EXISTS {}", table)
                _run(connection, "DELETE FROM {} WHERE collection = %s", RECORD, values=[table])
            if not _is_held(connection, rows, where):
                _make(connection, rows, where)
            held = np.array([id for (id,) in _run(connection, "SELECT id FROM {}", table)], np.int64)
            gone, new = differing(held, rows.ids)
            if len(gone):
                _run(connection, "DELETE FROM {} WHERE id = ANY(%s)", table, values=[held[gone].tolist()])
            if len(new) > len(held):  # the graph is made of a full table several times faster
                _run(connection, "DROP INDEX IF EXISTS {}", graph)
            for start in range(0, len(new), BLOCK):
                _insert(connection, rows, where, new[start : start + BLOCK])
            make = "CREATE INDEX IF NOT EXISTS {} ON {} USING hnsw (vector halfvec_ip_ops)"
            _run(connection, make, graph, table)

    def search(self, queries: F32, k: int, among: I64 | None = None) -> I64:
        """Find the nearest, of each query at most `MOST`; see `Engine`."""
        ids = None if among is None else self._rows.ids[among].tolist()
        try:
            found = self._ask(queries, min(k, MOST), ids)
        except SketchshapeError:  # the server was started anew, or ended what was idle for long
            _close_all(self._idle)
            found = self._ask(queries, min(k, MOST), ids)
        return self._rows.known(found)

    def close(self) -> None:
        """Close the connections."""
        _close_all(self._idle)

    def __len__(self) -> int:
        with self._connection() as connection:
            ((count,),) = _run(connection, "SELECT COUNT(*) FROM {}", self._where.collection)
            return int(count)

    def _ask(self, queries: F32, k: int, ids: list[int] | None) -> list[int]:
        from pgvector import HalfVector

        table, found = self._where.collection, list[int]()
        among, given = ("", []) if ids is None else ("WHERE id = ANY(%s)", [ids])
        with self._connection() as connection, connection.transaction():
            _run(connection, f"SET LOCAL hnsw.ef_search = {max(LEAST, k)}")
            _run(connection, "SET LOCAL hnsw.iterative_scan = relaxed_order")  # until k pass
            for query in queries:
                ask = f"SELECT id FROM {{}} {among} ORDER BY vector <#> %s LIMIT %s"
                found += [id for (id,) in _run(connection, ask, table, values=[*given, HalfVector(query), k])]
        return found

    @contextlib.contextmanager
    def _connection(self) -> Iterator[Connection[Any]]:
        """Lend a connection, to one thread at a time."""
        with _explained(self._where):
            try:
                connection = self._idle.get_nowait()
            except Empty:
                connection = _connect(self._where)
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            self._idle.put(connection)


def _demand(where: Where) -> None:
    demand_packages("pgvector", "psycopg", "pgvector")
    if not where.url.startswith(("postgresql://", "postgres://")):
        raise UsageError(
            f"the engine pgvector needs a server, not {where.url or 'nothing'!r}; expected --engine-url "
            "postgresql://USER@HOST/DATABASE"
        )


def _connect(where: Where, *, make: bool = False) -> Connection[Any]:
    import psycopg
    from pgvector.psycopg import register_vector

    connection = psycopg.connect(where.url, connect_timeout=PATIENCE, autocommit=True)
    try:
        if make:
            _run(connection, "CREATE EXTENSION IF NOT EXISTS vector")
            _run(connection, f"CREATE TABLE IF NOT EXISTS {{}} {COLUMNS}", RECORD)
        register_vector(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _is_held(connection: Connection[Any], rows: Rows, where: Where) -> bool:
    """Say whether there is a table for an index, and refuse one of another network."""
    ask = "SELECT made_with, width FROM {} WHERE collection = %s"
    ((there,),) = _run(connection, "SELECT to_regclass(%s) IS NOT NULL", values=[RECORD])
    found = _run(connection, ask, RECORD, values=[where.collection]) if there else []
    if found and found[0] != (rows.made_with, rows.width):
        raise of_another("pgvector", where, found[0], rows)
    return bool(found)


def _make(connection: Connection[Any], rows: Rows, where: Where) -> None:
    with connection.transaction():
        _run(connection, "DROP TABLE IF EXISTS {}", where.collection)
        columns = f"(id bigint PRIMARY KEY, vector halfvec({rows.width}) NOT NULL)"
        _run(connection, f"CREATE TABLE {{}} {columns}", where.collection)
        values = [where.collection, rows.made_with, rows.width]
        _run(connection, "INSERT INTO {} VALUES (%s, %s, %s)", RECORD, values=values)


def _insert(connection: Connection[Any], rows: Rows, where: Where, places: I64) -> None:
    from pgvector import HalfVector
    from psycopg.sql import SQL, Identifier

    copy = SQL("COPY {} FROM STDIN (FORMAT BINARY)").format(Identifier(where.collection))
    with connection.transaction(), connection.cursor() as cursor, cursor.copy(copy) as stream:
        stream.set_types(["int8", "halfvec"])
        for id, vector in zip(rows.ids[places].tolist(), rows.vectors(places), strict=True):
            stream.write_row((id, HalfVector(vector)))


def _run(connection: Connection[Any], text: str, *names: str, values: Sequence[Any] = ()) -> list[Any]:
    """Run one command, with the names of tables in it, and give its rows where it has any."""
    from psycopg.sql import SQL, Identifier

    command: Any = SQL(text).format(*map(Identifier, names))
    done = connection.execute(command, values or None)
    return done.fetchall() if done.description else []


@contextlib.contextmanager
def _explained(where: Where) -> Iterator[None]:
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        raise unreachable("pgvector", where, error) from error


def _close_all(idle: LifoQueue[Connection[Any]]) -> None:
    with contextlib.suppress(Empty):
        while True:
            idle.get_nowait().close()
