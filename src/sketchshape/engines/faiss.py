"""FAISS in this process: 16 bits for each number, compared with all vectors (flat) or along a graph (HNSW).

The graph is that of Y. Malkov, D. Yashunin, Efficient and Robust Approximate Nearest Neighbor Search Using
Hierarchical Navigable Small World Graphs, TPAMI 2018.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any, ClassVar

import numpy as np

from sketchshape.engines.engine import NOWHERE, Rows, Where, differing
from sketchshape.engines.faiss_file import Altered, held_file, write_file
from sketchshape.errors import demand_packages
from sketchshape.types import F32, I64

BLOCK = 65536  # vectors that are added at once
LINKS, BUILT, SEARCHED = 16, 80, 96  # of HNSW: M, efConstruction, and the least efSearch
UNUSED = 0.25  # share of a graph, from which nothing can be taken, that may be of no content
NO_ID = -1  # of what is left in a graph


class Faiss:
    """Compares with all vectors; see `Engine`."""

    name: ClassVar[str] = "faiss"

    def __init__(self, rows: Rows, where: Where) -> None:
        demand_packages("faiss", "faiss")
        path = held_file(self.name, rows, where)
        # Its parts live as long as the whole does.
        self._whole = _faiss().read_index(str(path), _faiss().IO_FLAG_MMAP_IFC)
        self._index = _faiss().downcast_index(self._whole.index)
        ids = _ids(self._whole)
        self._held, self._places = int((ids != NO_ID).sum()), rows.places(ids)
        self._known = np.append(np.ones(len(rows), bool), False)  # the last one is for `NOWHERE`
        self._some = bool((self._places == NOWHERE).any())

    @classmethod
    def bring(cls, rows: Rows, where: Where, *, fresh: bool = False) -> None:
        """Write a file that holds these rows; see `Engine`."""
        demand_packages("faiss", "faiss")
        index = None if fresh else cls._kept(rows, where)
        if index is not None:
            gone, new = differing(_ids(index), rows.ids)
            gone = gone[_ids(index)[gone] != NO_ID]
            if not len(gone) and not len(new):
                return
            index = cls._without(index, gone)
        if index is None:
            index, new = cls._empty(rows.width), np.arange(len(rows))
        for start in range(0, len(new), BLOCK):
            part = new[start : start + BLOCK]
            index.add_with_ids(np.ascontiguousarray(rows.vectors(part)), rows.ids[part])
        write_file(index, cls.name, rows, where)

    def search(self, queries: F32, k: int, among: I64 | None = None) -> I64:
        """Find the nearest; see `Engine`."""
        count = min(k, len(self._places))
        if not count:
            return np.empty(0, np.int64)
        options: dict[str, Any] = self._options(count)
        asked = self._known
        if among is not None:
            asked = np.zeros_like(asked)
            asked[among] = True
        if among is not None or self._some:
            bits = np.packbits(asked[self._places], bitorder="little")
            options["sel"] = _faiss().IDSelectorBitmap(bits)
        parameters = self._kind(**options)
        _, found = self._index.search(np.ascontiguousarray(queries), count, params=parameters)
        return np.unique(self._places[found[found >= 0]])

    def close(self) -> None:
        """Let go of the file."""
        self._index = self._whole = None

    def __len__(self) -> int:
        return self._held

    @property
    def _kind(self) -> Any:
        return _faiss().SearchParameters

    def _options(self, k: int) -> dict[str, Any]:
        return {}

    @classmethod
    def _kept(cls, rows: Rows, where: Where) -> Any:
        """Read what is held, to be changed; None where nothing is, or not what was written."""
        try:
            return _faiss().read_index(str(held_file(cls.name, rows, where)))
        except Altered:
            return None

    @classmethod
    def _empty(cls, width: int) -> Any:
        kind = _faiss().ScalarQuantizer.QT_fp16
        return _faiss().IndexIDMap(_faiss().IndexScalarQuantizer(width, kind, _faiss().METRIC_INNER_PRODUCT))

    @classmethod
    def _without(cls, index: Any, gone: I64) -> Any:
        """Take out vectors, given by their places; None where it is better to make all anew."""
        if len(gone):
            index.remove_ids(_faiss().IDSelectorBatch(_ids(index)[gone]))
        return index


class FaissHnsw(Faiss):
    """Goes along a graph: some hundred vectors are compared, not all, and a few of the nearest are missed."""

    name = "faiss-hnsw"

    @property
    def _kind(self) -> Any:
        return _faiss().SearchParametersHNSW

    def _options(self, k: int) -> dict[str, Any]:
        return {"efSearch": max(SEARCHED, 2 * k)}

    @classmethod
    def _empty(cls, width: int) -> Any:
        kind, metric = _faiss().ScalarQuantizer.QT_fp16, _faiss().METRIC_INNER_PRODUCT
        graph = _faiss().IndexHNSWSQ(width, kind, LINKS, metric)
        graph.hnsw.efConstruction = BUILT
        return _faiss().IndexIDMap(graph)

    @classmethod
    def _without(cls, index: Any, gone: I64) -> Any:
        """Leave vectors in the graph without an id; None where that would be too many."""
        ids = _ids(index)
        ids[gone] = NO_ID
        if (ids == NO_ID).sum() > UNUSED * len(ids):
            return None
        _faiss().copy_array_to_vector(ids, index.id_map)
        return index


def _ids(index: Any) -> I64:
    ids: I64 = _faiss().vector_to_array(index.id_map)
    return ids


@cache
def _faiss() -> Any:
    """Import the package, whose types are not those of what it does."""
    return import_module("faiss")
