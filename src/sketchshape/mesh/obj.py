"""Wavefront OBJ: lines of positions "v" and of polygons "f"; all else, also materials, is left out."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from sketchshape.mesh.soup import Soup
from sketchshape.mesh.text import Lines
from sketchshape.mesh.triangulate import Polygons, triangulate

CONTINUED = re.compile(rb"(?:[^\r\n]*\\\r?\n)+[^\r\n]*")


def read_obj(path: Path, data: bytes) -> Soup:
    """Read the vertices (N, 3) and triangles (M, 3) of an OBJ file, groups and objects together.

    Raises:
        MeshError: a line of a vertex or face is not one.
    """
    if b"\\" in data:
        data = CONTINUED.sub(_join, data)
    lines = Lines.of(path, data)
    is_vertex, is_face = lines.begin_with(b"v"), lines.begin_with(b"f")
    vertices = lines[is_vertex].numbers(1, "a vertex").columns(3, "a vertex")
    rows = lines[is_face].numbers(1, "a face of indices", slashes=True)
    index = rows.whole(rows.values, rows.offset, "a face")
    before = np.repeat(np.cumsum(is_vertex)[is_face], np.diff(rows.offset))
    corners = np.where(
        index < 0, before + index, index - 1
    )  # negative: counted back from here; 0 does not exist
    return Soup(vertices, triangulate(vertices, Polygons(corners, rows.offset)))


def _join(match: re.Match[bytes]) -> bytes:
    """Put continued lines into one and as many empty ones, so that later lines keep their numbers."""
    parts = re.split(rb"\\\r?\n", match[0])
    return b" ".join(parts) + b"\n" * (len(parts) - 1)
