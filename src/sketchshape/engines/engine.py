"""What every engine does: it holds the vectors of an index, and tells which are nearest to a query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

import numpy as np

from sketchshape.errors import ArtefactError, SketchshapeError
from sketchshape.types import F32, I64

NOWHERE = -1  # the place of an id that an index does not know


@dataclass(frozen=True, eq=False)
class Rows:
    """The vectors of an index as it is at a moment: what an engine is to hold.

    The index has them in a file of its own, which decides: an engine only says where to look in it.

    Args:
        made_with: hash of all that decides a vector; vectors of two hashes do not compare.
        keys: m names of contents; one name has always the same vector under one hash.
        rows: (m,) int64, where the vector of each content is in `file`.
        file: (n, D) float32, as a rule mapped into memory; vectors between that no content has are left out.
    """

    made_with: str
    keys: Sequence[str]
    rows: I64
    file: F32

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def width(self) -> int:
        """Numbers of a vector."""
        return int(self.file.shape[1])

    def vectors(self, places: I64) -> F32:
        """Read vectors: (len(places), D) float32."""
        read: F32 = self.file[self.rows[places]]
        return read

    @cached_property
    def ids(self) -> I64:
        """The number of each content outside of the index, (m,) int64, 0 or more: its name, hashed.

        Whatever becomes of the index, a content that is encoded again has it again; 63 bits tell ten million
        contents apart but for one chance in 180,000.
        """
        names = (blake2b(key.encode(), digest_size=8).digest() for key in self.keys)
        hashed = np.frombuffer(b"".join(names), "<u8") >> 1
        return hashed.astype(np.int64)

    def places(self, ids: I64) -> I64:
        """Give the place of each id, `NOWHERE` for one that the index does not know."""
        order, known = self._sorted
        if not len(known):
            return np.full(ids.shape, NOWHERE, np.int64)
        at = np.minimum(np.searchsorted(known, ids), len(known) - 1)
        return np.where(known[at] == ids, order[at], NOWHERE)

    def known(self, ids: Sequence[int]) -> I64:
        """Give the places of those ids that the index knows, each once, rising."""
        places = self.places(np.array(ids, np.int64))
        return np.unique(places[places != NOWHERE])

    @cached_property
    def _sorted(self) -> tuple[I64, I64]:
        order = np.argsort(self.ids, kind="stable")
        return order, self.ids[order]


@dataclass(frozen=True)
class Where:
    """Where the vectors of an index are kept by an engine.

    Args:
        index: folder of the index; engines without a server write into it.
        url: of a server; empty where there is none.
        collection: name of the index on the server.
    """

    index: Path
    url: str = ""
    collection: str = "sketchshape"

    def says(self) -> str:
        """Name the place in a message, without the password of the server."""
        return f"{without_password(self.url)}, {self.collection}" if self.url else str(self.index)


class Engine(Protocol):
    """Finds the nearest of the vectors that it holds, by the cosine; may be used from several threads.

    Args:
        rows: of the index, as it is at this moment.
        where: what is held is kept.

    Raises:
        MissingExtraError: a package is not installed.
        ArtefactError: nothing is held, it is damaged, or was made by another network.
        SketchshapeError: the server cannot be reached.
    """

    def __init__(self, rows: Rows, where: Where) -> None: ...

    @classmethod
    def bring(cls, rows: Rows, where: Where, *, fresh: bool = False) -> None:
        """Hold the vectors of these rows and no others, from now on.

        Only what differs is worked on. Can be stopped at any moment, by force too: the next call goes on. An
        engine that is open meanwhile finds what it held or what it holds by then.

        Args:
            rows: of the index.
            where: to keep it.
            fresh: remove first what is held, whoever made it.

        Raises:
            MissingExtraError: a package is not installed.
            ArtefactError: what is held was made by another network, and is not to be removed.
            SketchshapeError: it cannot be written, or the server cannot be reached.
        """

    def search(self, queries: F32, k: int, among: I64 | None = None) -> I64:
        """Find vectors near to queries.

        Args:
            queries: (Q, D) float32, unit rows.
            k: how many for each query, 1 or more.
            among: places in the rows, rising: only these; None is all.

        Returns:
            (n,) int64, places in the rows, each once, rising: for each query the k nearest, as nearly as the
            engine finds them. What the index does not know any more is left out.

        Raises:
            SketchshapeError: the server cannot be reached any more.
        """

    def close(self) -> None:
        """Let go of files and connections."""

    def __len__(self) -> int:
        """Count the vectors that are held."""


def differing(held: I64, wanted: I64) -> tuple[I64, I64]:
    """Say what has to be done so that an engine holds what it should.

    Args:
        held: (n,) int64, ids that it holds.
        wanted: (m,) int64, ids that it should hold.

    Returns:
        Places in `held` of what has to go, and in `wanted` of what has to come.
    """
    return np.flatnonzero(~np.isin(held, wanted)), np.flatnonzero(~np.isin(wanted, held))


def hold_again(name: str, where: Where) -> str:
    """Say how an engine is made to hold an index."""
    return f"run: sketchshape index FOLDER --out {where.index} --engine {name}"


def none_held(name: str, where: Where) -> ArtefactError:
    """Say that an engine holds nothing of an index, and what to do."""
    return ArtefactError(
        f"{where.says()}: the engine {name} holds nothing of this index; {hold_again(name, where)}"
    )


def of_another(name: str, where: Where, found: tuple[str, int], rows: Rows) -> ArtefactError:
    """Say that an engine holds what another network made, and what to do."""
    return ArtefactError(
        f"{where.says()}: the engine {name} holds vectors of another network ({found[0][:12]} of {found[1]} "
        f"numbers, not {rows.made_with[:12]} of {rows.width}); search with --engine exact, or index again "
        "with --fresh, which replaces them"
    )


def unreachable(name: str, where: Where, error: object) -> SketchshapeError:
    """Say that the server of an engine does not do what it is asked, and what to do."""
    cause = " ".join(str(error).split())[:300]
    return SketchshapeError(
        f"{where.says()}: the server of the engine {name} cannot be used ({cause}); start it, look at "
        "--engine-url, or give --engine exact: the index has everything in a file of its own"
    )


def without_password(url: str) -> str:
    """Leave the password out of an address: it is for no file, and for no line that is printed."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    name, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{name.partition(':')[0]}@{host}"))
