"""Engines by their names; a package that an engine needs is imported when it is used."""

from __future__ import annotations

from importlib import import_module

from sketchshape.engines.engine import Engine
from sketchshape.errors import UsageError

EXACT = "exact"
_CLASSES = {
    EXACT: ("exact", "Exact"),
    "faiss": ("faiss", "Faiss"),
    "faiss-hnsw": ("faiss", "FaissHnsw"),
    "pgvector": ("pgvector", "Pgvector"),
    "milvus": ("milvus", "Milvus"),
}
ENGINES = tuple(_CLASSES)
"""The engines that there are."""


def engine_named(name: str) -> type[Engine]:
    """Give an engine.

    Args:
        name: one of `ENGINES`.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in _CLASSES:
        raise UsageError(f"engine is {name!r}, expected one of: {', '.join(ENGINES)}")
    module, kind = _CLASSES[name]
    found: type[Engine] = getattr(import_module(f"sketchshape.engines.{module}"), kind)
    return found
