"""Primitives packed by KHR_draco_mesh_compression."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.errors import MeshError
from sketchshape.mesh.bounds import Budget
from sketchshape.mesh.libraries.extra import library
from sketchshape.types import I64

EDGEBREAKER, METADATA = b"\1", 0x8000


class Draco:
    """A mesh unpacked.

    Args:
        path: the file, for errors.
        data: the packed bytes.
        budget: what its head promises is taken from it.

    Raises:
        MeshError: DracoPy is not installed, or the data is damaged.
    """

    def __init__(self, path: Path, data: bytes, budget: Budget) -> None:
        decoder = library(path, "DracoPy", "draco")
        budget.spend(promised(data))
        try:
            self._mesh: Any = decoder.decode(data)
            faces = np.asarray(getattr(self._mesh, "faces", []), np.int64)
        except Exception as error:  # of C++, of any kind
            raise MeshError(path, f"its Draco data cannot be unpacked: {error}") from error
        self.triangles: I64 = faces.reshape(-1, 3)

    def attribute(self, id: int) -> np.ndarray:
        """Give an attribute of the vertices by its number in the data: (vertices, width).

        Raises:
            KeyError: there is none.
        """
        found = self._mesh.get_attribute_by_unique_id(id)
        if found is None:
            raise KeyError(f"Draco attribute {id}")
        return np.asarray(found["data"])


def promised(data: bytes) -> int:
    """Vertices and faces that the head of Draco data promises; 0 where it does not tell.

    The decoder makes room for them before it looks whether they are there.
    """
    method, flags = data[8:9], int.from_bytes(data[9:11], "little")
    if data[:6] != b"DRACO\2":
        return 0
    at = 11 if not flags & METADATA else _after_metadata(data, 11)
    at += method == EDGEBREAKER
    first, at = _number(data, at)
    return first + _number(data, at)[0]


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Read a number, seven bits a byte, the last one below 128; and where it ends."""
    value, shift = 0, 0
    while at < len(data) and shift < 35:
        value |= (data[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 128:
            break
    return value, at


def _after_metadata(data: bytes, at: int) -> int:
    """Where the words on attributes and on the whole end: each is a list of pairs, and of such lists."""
    attributes, at = _number(data, at)
    lists = ["attribute"] * min(attributes, len(data)) + ["whole"]
    lists.reverse()
    while lists and at < len(data):
        kind = lists.pop()
        if kind == "attribute":
            _, at = _number(data, at)  # its id
        elif kind == "named":
            at += 1 + data[at]
        pairs, at = _number(data, at)
        for _ in range(min(pairs, len(data))):
            if at >= len(data):
                break
            size, at = _number(data, at + 1 + data[at])  # of the value, after the name
            at += size
        inside, at = _number(data, at)
        lists += ["named"] * min(inside, len(data) - min(at, len(data)))
    return at
