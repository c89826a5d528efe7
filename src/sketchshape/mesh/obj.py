"""Wavefront OBJ: lines of positions "v" and of polygons "f"; materials, normals and groups are left out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO

import numpy as np

from sketchshape.errors import MeshError
from sketchshape.mesh.soup import Soup, Warnings, short_faces
from sketchshape.mesh.text.lines import Lines, keyword
from sketchshape.mesh.text.plain import encoding
from sketchshape.mesh.triangulate import Polygons, triangulate
from sketchshape.types import I64

VERTEX, FACE, OUTLINE = keyword(b"v"), keyword(b"f"), keyword(b"fo")
NOT_DRAWN = {
    "lines": (b"l",),
    "points": (b"p",),
    "free-form curves and surfaces": (b"curv", b"curv2", b"surf", b"bsp", b"bzp", b"cdc", b"cdp", b"res"),
    "calls of other files": (b"call", b"csh"),
}
LARGE, BLOCK = 2**24, 2**22  # bytes
MAYBE_FACE = re.compile(rb"[^!-~][fF][oO]?[^!-\[\]-~]")
"""An f that stands alone, or before a backslash: every line of a face has one."""


def read_obj(path: Path, data: bytes) -> Soup:
    """Read the vertices (N, 3) and triangles (M, 3) of an OBJ file, groups and objects together.

    Raises:
        MeshError: a line of a vertex or face is not one.
    """
    lines = Lines.of(path, data, continued=True)
    words = lines.keywords()
    is_vertex, is_face = words == VERTEX, (words == FACE) | (words == OUTLINE)
    points = lines[is_vertex].numbers(1, "a vertex")
    vertices = points.columns(3, "a vertex")
    rows = lines[is_face].numbers(1 + (words[is_face] == OUTLINE), "a face of indices", slashes=True)
    index = rows.whole(rows.values, rows.offset, "a face")
    before = np.repeat(np.cumsum(is_vertex)[is_face], np.diff(rows.offset))
    corners = np.where(
        index < 0, before + index, index - 1
    )  # negative: counted back from here; 0 does not exist
    cuts = Warnings()
    faces = triangulate(vertices, Polygons(corners, rows.offset), cuts)
    warnings = points.warnings + cuts.listed() + short_faces(np.diff(rows.offset), rows.lines.number)
    return Soup(vertices, faces, warnings + _not_drawn(lines, words))


def look_at_obj(path: Path, stream: BinaryIO, size: int) -> None:
    """Refuse a large file without faces, such as a point cloud, block by block.

    Raises:
        MeshError: no line can be a face.
    """
    if size < LARGE or encoding(stream.read(BLOCK)):
        return
    stream.seek(0)
    block = b"\n"
    while more := stream.read(BLOCK):
        block = block[-3:] + more
        if (b"f" in block or b"F" in block) and MAYBE_FACE.search(block):
            return
    raise MeshError(path, "no faces to draw: none of its lines is a face (f)")


def _not_drawn(lines: Lines, words: I64) -> tuple[str, ...]:
    """What describes something, but no polygon."""
    warnings = []
    for what, names in NOT_DRAWN.items():
        at = np.flatnonzero(np.isin(words, [keyword(name) for name in names]))
        if len(at):
            warnings.append(f"left out {len(at)} {what}, the first in line {lines.number[at[0]]}")
    return tuple(warnings)
