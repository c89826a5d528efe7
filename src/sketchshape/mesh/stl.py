"""STL, binary or text: a soup of triangles."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sketchshape.errors import MeshError
from sketchshape.mesh.soup import Soup
from sketchshape.mesh.text import Lines

HEAD = 84  # 80 bytes of comment and the number of triangles
RECORD = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


def read_stl(path: Path, data: bytes) -> Soup:
    """Read the vertices (3 M, 3) and triangles (M, 3) of an STL file.

    Binary files that begin with "solid" exist: one that is exactly as long as its count says is binary.

    Raises:
        MeshError: the file is shorter than its count says, or is neither binary nor text STL.
    """
    count = int.from_bytes(data[HEAD - 4 : HEAD], "little") if len(data) >= HEAD else -1
    as_text = data[:80].lstrip().lower().startswith(b"solid") and len(data) != HEAD + count * RECORD.itemsize
    corners = _text(path, data) if as_text else _binary(path, data, count)
    return Soup(corners.astype(np.float64), np.arange(len(corners)).reshape(-1, 3))


def _binary(path: Path, data: bytes, count: int) -> np.ndarray:
    want = HEAD + max(count, 0) * RECORD.itemsize
    if len(data) < want:
        promise = (
            f"its {count} triangles need {want} bytes" if count >= 0 else f"the head alone has {HEAD} bytes"
        )
        raise MeshError(path, f"binary STL ends too early: {promise}", byte=len(data))
    return np.frombuffer(data, RECORD, count, HEAD)["corners"].reshape(-1, 3)


def _text(path: Path, data: bytes) -> np.ndarray:
    lines = Lines.of(path, data)
    vertices, loops = lines[lines.begin_with(b"vertex")], lines[lines.begin_with(b"outer")]
    after = np.append(loops.number[1:], np.iinfo(np.int64).max)
    inside = np.searchsorted(vertices.number, after) - np.searchsorted(vertices.number, loops.number)
    if (inside != 3).any() or len(vertices) != 3 * len(loops):
        wrong = int(np.argmax(inside != 3)) if (inside != 3).any() else 0
        at = loops if len(loops) else vertices
        raise at.error(wrong, 'expected three lines of "vertex" in each "outer loop"')
    return vertices.numbers(len(b"vertex"), "a vertex").columns(3, "a vertex")
