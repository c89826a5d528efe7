"""STL, binary or text: a soup of triangles."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from sketchshape.errors import MeshError
from sketchshape.mesh.soup import Soup, Warnings, short_faces
from sketchshape.mesh.text.facets import ENDSOLID, VERTEX, facets
from sketchshape.mesh.text.lines import Lines, offsets
from sketchshape.mesh.text.plain import plain
from sketchshape.mesh.triangulate import Polygons, triangulate

HEAD = 84  # 80 bytes of comment and the number of triangles
RECORD = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
UNFILLED = (0, 2**32 - 1)  # counts of a writer that did not come back to its head
FAR = 1e12  # what letters or compressed bytes would be as numbers is farther, or not finite
SAMPLE = 2**16
PADDING = b"\0\x1a\t\n\r "
OF_TEXT = re.compile(rb"\b(facet|vertex|endsolid)\b", re.IGNORECASE)


def read_stl(path: Path, data: bytes) -> Soup:
    """Read the vertices and triangles of an STL file, all solids together.

    The content tells whether it is text: binary files that begin with "solid" exist, and texts that do not.

    Raises:
        MeshError: the file is shorter than its count says, or is neither binary nor text STL.
    """
    little, big = (int.from_bytes(data[HEAD - 4 : HEAD], order) for order in ("little", "big"))
    size = len(data) - HEAD
    if size not in (little * RECORD.itemsize, big * RECORD.itemsize) and _is_text(data):
        return _text(path, data)
    if size < 0:
        cause = f"neither text nor binary STL, of which the head alone has {HEAD} bytes"
        raise MeshError(path, cause, byte=len(data))
    if size == big * RECORD.itemsize != little * RECORD.itemsize:
        records, warnings = np.frombuffer(data, RECORD.newbyteorder(), big, HEAD), tuple[str, ...]()
    else:
        records, warnings = _records(path, data, little)
    corners = records["corners"].reshape(-1, 3).astype(np.float64)
    return Soup(corners, np.arange(len(corners)).reshape(-1, 3), warnings)


def _is_text(data: bytes) -> bool:
    """Whether the first bytes have words of STL, and no zeros but at their end or in a padded name."""
    start = plain(data[:SAMPLE]).rstrip(PADDING)
    return OF_TEXT.search(start) is not None and b"\0" not in start[HEAD:]


def _records(path: Path, data: bytes, count: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """Read the records of a binary file: as many as it has, where that is sure, whatever its head counts."""
    whole, rest = divmod(len(data) - HEAD, RECORD.itemsize)
    records = np.frombuffer(data, RECORD, whole, HEAD)
    if count <= whole and not data[HEAD + count * RECORD.itemsize :].strip(PADDING):
        return records[:count], ()
    said = f"its head counts {count} triangles, the file has {whole}"
    if count < whole and _triangles(data, records, count):
        return records, (f"{said}: all of them were read",)
    if 0 < count <= whole:
        return records[:count], (
            f"left out {len(data) - HEAD - count * RECORD.itemsize} bytes after the last triangle",
        )
    if count > whole > 0 and (rest == 0 or count in UNFILLED) and _triangles(data, records, 0):
        found = "all of them were read" if count in UNFILLED else "it may be cut short"
        return records, (f"{said}: {found}",)
    need = f"its {count} triangles need {HEAD + count * RECORD.itemsize} bytes"
    raise MeshError(path, f"binary STL ends too early: {need}, {whole} are there whole", byte=len(data))


def _triangles(data: bytes, records: np.ndarray, first: int) -> bool:
    """Whether the records from `first` on are triangles rather than letters or other bytes."""
    has_zeros = data.find(b"\0", HEAD + first * RECORD.itemsize) >= 0
    return has_zeros and bool((np.abs(records["corners"][first:]) < FAR).all())


def _text(path: Path, data: bytes) -> Soup:
    text = np.frombuffer(plain(data), np.uint8)
    start, end, number, facet, last = facets(text)
    warnings = tuple[str, ...]()
    if last == VERTEX and len(facet):
        warnings = (f"left out the last facet, in line {number[-1]}, within which the file ends",)
        whole = facet < facet[-1]
        start, end, number, facet = start[whole], end[whole], number[whole], facet[whole]
    elif last != ENDSOLID:
        warnings = ("the file has no endsolid at its end: it may be cut short",)
    rows = Lines(path, text, start, end, number).numbers(len(b"vertex"), "a vertex")
    vertices, sizes = rows.columns(3, "a vertex"), np.bincount(facet)
    warnings += rows.warnings
    if (sizes == 3).all():
        return Soup(vertices, np.arange(len(vertices)).reshape(-1, 3), warnings)
    polygons = Polygons(np.arange(len(vertices)), offsets(sizes))
    warnings += short_faces(sizes, number[np.minimum(polygons.offset[:-1], len(number) - 1)])
    if (sizes > 3).any():
        warnings += (
            f"cut {np.sum(sizes > 3)} of {len(sizes)} facets with more than 3 corners into triangles",
        )
    cuts = Warnings()
    faces = triangulate(vertices, polygons, cuts)
    return Soup(vertices, faces, warnings + cuts.listed())
