"""Milvus: one client for a file in the folder of the index (milvus-lite), a server, and a cluster of them."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import numpy as np

from sketchshape.engines.engine import Rows, Where, differing, none_held, of_another, unreachable
from sketchshape.errors import SketchshapeError, UsageError, demand_packages
from sketchshape.types import F32, I64

if TYPE_CHECKING:
    from pymilvus import MilvusClient

FILE = "milvus.db"
BLOCK = 5_000  # vectors, or ids, of one message: those are limited in size
LINKS, BUILT, SEARCHED = 16, 100, 100  # of HNSW: M, efConstruction, and the least ef
MOST = 1_000  # that can be asked for
PATIENCE = 10  # seconds for a connection
NUMBERS = "_numbers"  # between what made the vectors and their width, in the name of a collection


class Milvus:
    """Asks Milvus; see `Engine`."""

    def __init__(self, rows: Rows, where: Where) -> None:
        self._rows, self._where, self._name = rows, where, _name(rows, where)
        if not where.url and not (where.index / FILE).exists():
            _demand(where)
            raise none_held("milvus", where)
        with _explained(where):
            self._client = _connect(where)
            if not _is_held(self._client, rows, where):
                self._client.close()
                raise none_held("milvus", where)
            self._client.load_collection(self._name)

    @classmethod
    def bring(cls, rows: Rows, where: Where, *, fresh: bool = False) -> None:
        """Let the collection of an index have these rows; see `Engine`."""
        name = _name(rows, where)
        with _explained(where), contextlib.closing(_connect(where)) as client:
            if fresh:
                for old in _collections(client, where):
                    client.drop_collection(old)
            if not _is_held(client, rows, where):
                _make(client, name, rows.width)
            client.load_collection(name)
            held = _ids(client, name)
            gone, new = differing(held, rows.ids)
            for start in range(0, len(gone), BLOCK):
                client.delete(name, ids=held[gone[start : start + BLOCK]].tolist())
            for start in range(0, len(new), BLOCK):
                part = new[start : start + BLOCK]
                pairs = zip(rows.ids[part].tolist(), rows.vectors(part), strict=True)
                client.insert(name, [{"id": id, "vector": vector} for id, vector in pairs])
            if len(gone) or len(new):
                client.flush(name)

    def search(self, queries: F32, k: int, among: I64 | None = None) -> I64:
        """Find the nearest, of each query at most `MOST`; see `Engine`."""
        count = min(k, MOST)
        among_ids = "" if among is None else f"id in {self._rows.ids[among].tolist()}"
        with _explained(self._where):
            found = self._client.search(
                self._name,
                data=list(queries),
                limit=count,
                filter=among_ids,
                output_fields=["id"],
                search_params={"params": {"ef": max(SEARCHED, count)}},
            )
        ids = [hit["id"] for hits in found for hit in hits]
        return self._rows.known(ids)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def __len__(self) -> int:
        with _explained(self._where):
            return _count(self._client, self._name)


def _name(rows: Rows, where: Where) -> str:
    """Name the collection of an index: what made its vectors is told by the name, and nowhere else."""
    made_with = re.sub(r"\W", "_", rows.made_with)
    return f"{where.collection}_{made_with}_{rows.width}{NUMBERS}"


def _collections(client: MilvusClient, where: Where) -> list[str]:
    """Name the collections of an index, of whatever network."""
    return [name for name in client.list_collections() if name.startswith(f"{where.collection}_")]


def _is_held(client: MilvusClient, rows: Rows, where: Where) -> bool:
    """Say whether there is a collection for an index, and refuse one of another network."""
    there = _collections(client, where)
    if there and there != [_name(rows, where)]:
        made_with, _, width = (
            there[0].removeprefix(f"{where.collection}_").removesuffix(NUMBERS).rpartition("_")
        )
        raise of_another("milvus", where, (made_with, int(width)), rows)
    return bool(there)


def _make(client: MilvusClient, name: str, width: int) -> None:
    from pymilvus import DataType

    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=width)
    graph = client.prepare_index_params()
    parameters = {"M": LINKS, "efConstruction": BUILT}
    graph.add_index("vector", index_type="HNSW", metric_type="IP", params=parameters)
    client.create_collection(name, schema=schema, index_params=graph, consistency_level="Strong")


def _count(client: MilvusClient, name: str) -> int:
    return int(client.query(name, output_fields=["count(*)"])[0]["count(*)"])


def _ids(client: MilvusClient, name: str) -> I64:
    """Give the ids that are held; nothing else pages through more than 16,384."""
    found: list[int] = []
    if _count(client, name):
        pages = client.query_iterator(name, batch_size=BLOCK, output_fields=["id"])
        while page := pages.next():
            found += [row["id"] for row in page]
        pages.close()
    return np.array(found, np.int64)


def _demand(where: Where) -> None:
    demand_packages("milvus", "pymilvus", *([] if where.url else ["milvus_lite"]))
    if where.url and not where.url.startswith(("http://", "https://")):
        raise UsageError(
            f"the engine milvus cannot have its server at {where.url!r}; expected --engine-url "
            f"http://HOST:19530, or none: then {FILE} in the folder of the index is used"
        )


def _connect(where: Where) -> MilvusClient:
    _demand(where)
    for noisy in ("pymilvus", "milvus_lite", "grpc"):  # what fails is said once, by us
        logging.getLogger(noisy).setLevel(logging.CRITICAL + 1)
    from pymilvus import MilvusClient

    if not where.url:
        return MilvusClient(str(where.index / FILE))
    parts = urlsplit(where.url)
    server = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    token = f"{parts.username}:{parts.password}" if parts.username else ""
    return MilvusClient(server, token=token, timeout=PATIENCE)


@contextlib.contextmanager
def _explained(where: Where) -> Iterator[None]:
    _demand(where)
    import grpc
    from pymilvus import MilvusException

    try:
        yield
    except (MilvusException, grpc.RpcError) as error:
        if not where.url and "Open local milvus failed" in str(error):
            raise SketchshapeError(
                f"{where.index / FILE}: in use by another process, such as `sketchshape serve`; end it, or "
                "give --engine-url of a Milvus server, which many may use"
            ) from error
        raise unreachable("milvus", where, error) from error
