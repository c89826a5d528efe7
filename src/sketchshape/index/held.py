"""Which engine holds the vectors of an index, beside the file of the index itself, and that it holds them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

import numpy as np

from sketchshape.encoders.bundle import Bundle
from sketchshape.encoders.likeness import COSINE
from sketchshape.engines import Engine, Rows, Where, engine_named
from sketchshape.engines.by_name import EXACT
from sketchshape.engines.engine import without_password
from sketchshape.errors import UsageError
from sketchshape.index.catalogue import Catalogue, set_fact
from sketchshape.index.contents import read_vectors
from sketchshape.types import F32


@dataclass(frozen=True)
class Held:
    """Where the vectors of an index are held.

    Args:
        engine: its name.
        url: of a server; empty where there is none.
    """

    engine: str = EXACT
    url: str = ""

    @property
    def exact(self) -> bool:
        """Whether all vectors of the index are compared."""
        return self.engine == EXACT


def held_by(catalogue: Catalogue, engine: str | None = None, url: str | None = None) -> Held:
    """Tell which engine holds the vectors of an index.

    Args:
        catalogue: of the index.
        engine: that is asked for; None is the one that the last run of indexing used.
        url: of its server; None is the one that it had.
    """
    name = engine or catalogue.fact("engine", EXACT)
    known = catalogue.fact("engine_url", "") if name == catalogue.fact("engine", EXACT) else ""
    return Held(name, url or known)


def rows_of(catalogue: Catalogue, bundle: Bundle, vectors: F32) -> Rows:
    """Give the vectors of an index as an engine is to hold them.

    Args:
        catalogue: of the index.
        bundle: that it is made with.
        vectors: all that are in its file.
    """
    found = catalogue.rows("SELECT key, row FROM content ORDER BY row")
    made_with = " ".join(map(str, catalogue.made_with(bundle)))
    return Rows(made_with, [key for key, _ in found], np.array([row for _, row in found], np.int64), vectors)


def open_engine(catalogue: Catalogue, bundle: Bundle, held: Held, rows: Rows) -> Engine:
    """Open the engine that holds the vectors of an index, to search.

    Raises:
        UsageError: there is no such engine, or it does not compare as the bundle does.
        MissingExtraError: a package is not installed.
        ArtefactError: it does not hold them.
        SketchshapeError: a server cannot be reached.
    """
    return _fitting(held, bundle)(rows, _where(catalogue, held))


def bring(catalogue: Catalogue, bundle: Bundle, held: Held, *, fresh: bool = False) -> None:
    """Let an engine hold the vectors of an index as it is now, and note that it does.

    Args:
        catalogue: of the index; this process works on it alone.
        bundle: that it is made with.
        held: the engine.
        fresh: remove first what the engine holds, whoever made it.

    Raises:
        UsageError: there is no such engine, or it does not compare as the bundle does.
        MissingExtraError: a package is not installed.
        ArtefactError: it holds what another network made.
        SketchshapeError: a server cannot be reached, or it cannot be written. The index has everything.
    """
    engine = _fitting(held, bundle)
    if not held.exact:
        if not catalogue.fact("collection", ""):
            with catalogue.transaction() as base:  # before anything is held under that name
                set_fact(base, "collection", f"sketchshape_{secrets.token_hex(4)}")
        rows = rows_of(catalogue, bundle, read_vectors(catalogue, bundle.numbers))
        engine.bring(rows, _where(catalogue, held), fresh=fresh)
    kept = replace(held, url=without_password(held.url))
    if kept != held_by(catalogue):
        with catalogue.transaction() as base:
            set_fact(base, "engine", kept.engine)
            set_fact(base, "engine_url", kept.url)


def _where(catalogue: Catalogue, held: Held) -> Where:
    return Where(catalogue.path.parent, held.url, catalogue.fact("collection", ""))


def _fitting(held: Held, bundle: Bundle) -> type[Engine]:
    engine = engine_named(held.engine)
    if not held.exact and bundle.likeness is not COSINE:
        raise UsageError(
            f"the engine {held.engine} compares by the cosine, and these encoders by {bundle.likeness.name}: "
            f"give --engine {EXACT}"
        )
    return engine
