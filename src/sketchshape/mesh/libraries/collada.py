"""COLLADA (.dae), read by pycollada: the geometries and skins of the scene, with Y up."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.errors import MeshError
from sketchshape.mesh.bounds import Budget, TooMuch
from sketchshape.mesh.clean import AXES
from sketchshape.mesh.libraries.extra import library
from sketchshape.mesh.soup import Soup, Warnings, only_used
from sketchshape.mesh.triangulate import Polygons, triangulate
from sketchshape.types import F64, I64

SHOWN, DEEPEST = 100_000, 200  # nodes with those that others repeat, and nodes within nodes
SCHEMA = b"http://www.collada.org/2005/11/COLLADASchema"
COLOURS = re.compile(rb"<(/?)(bind_material|library_(?:effects|materials|images))(?=[\s/>])[^<>]*>")
"""What is of no shape. A geometry whose material cannot be read would be left out with it."""
UP = {"X_UP": "x", "Y_UP": "y", "Z_UP": "z"}


def read_dae(path: Path, data: bytes) -> Soup:
    """Read the vertices (N, 3) and triangles (M, 3) of a COLLADA file's scene, with Y up.

    A skin is drawn as it was bound. Lines and curves are left out.

    Raises:
        MeshError: pycollada is not installed, or the file is broken.
    """
    collada = library(path, "collada", "dae")
    if b"<!ENTITY" in data.replace(b"\0", b""):
        raise MeshError(path, "its XML declares entities, which are not read")
    try:
        # What it cannot read it leaves out, and keeps as an error.
        document: Any = collada.Collada(io.BytesIO(_plain(data)), ignore=[collada.common.DaeError])
    except collada.common.DaeError as error:
        raise MeshError(path, f"broken COLLADA: {_said(error)}") from error
    warnings = Warnings()
    for problem in document.errors:
        warnings.add(f"left out a broken part: {_said(problem)}")
    vertices, faces, count = [np.empty((0, 3))], [np.empty((0, 3), np.int64)], 0
    _check_nodes(path, document)
    budget = Budget(path, len(data), "it draws")
    for matrix, primitive in _primitives(document, warnings):
        points, triangles = _triangles(primitive, warnings)
        if triangles is None:
            warnings.add("left out a primitive of lines or curves")
            continue
        if 3 * len(triangles) < len(points):  # primitives share them
            used, triangles = only_used(triangles)
            points = points[used[used < len(points)]]
        budget.spend(len(points) + len(triangles))
        inside = (triangles >= 0) & (triangles < len(points))
        faces.append(np.where(inside, triangles + count, -1))
        vertices.append(points @ matrix[:3, :3].T + matrix[:3, 3])
        count += len(points)
    up = UP.get(getattr(document.assetInfo, "upaxis", None) or "Y_UP", "y")
    turned = np.concatenate(vertices) @ np.array(AXES[up], np.float64).T
    return Soup(turned, np.concatenate(faces), warnings.listed())


def _plain(data: bytes) -> bytes:
    """Leave out materials, and name the schema where the file forgets to."""
    data = _without_colours(data)
    root = re.search(rb"<COLLADA\b[^<>]*>", data)
    if root and b"xmlns" not in root[0]:
        data = data.replace(b"<COLLADA", b'<COLLADA xmlns="' + SCHEMA + b'"', 1)
    return data


def _without_colours(data: bytes) -> bytes:
    """Leave out each element of COLOURS up to its first end, where it has one."""
    kept, at, begin, name = list[bytes](), 0, 0, b""
    for tag in COLOURS.finditer(data):
        if not name and not tag[1] and not tag[0].endswith(b"/>"):
            name, begin = tag[2], tag.start()
        elif name == tag[2] and tag[1]:
            kept.append(data[at:begin])
            at, name = tag.end(), b""
    return b"".join([*kept, data[at:]])


def _check_nodes(path: Path, document: Any) -> None:
    """Count the nodes that are shown before any is, with those that nodes repeat by their name.

    Raises:
        MeshError: they are too many, or one is within itself.
    """
    counts = dict[int, int]()

    def count(node: Any, depth: int) -> int:
        if depth > DEEPEST:
            raise MeshError(path, f"its nodes are more than {DEEPEST} deep, or hold themselves")
        if id(node) not in counts:
            below = getattr(node, "children", None) or []
            counts[id(node)] = 1 + sum(count(child, depth + 1) for child in below)
        return counts[id(node)]

    nodes = document.scene.nodes if document.scene is not None else []
    if sum(count(node, 0) for node in nodes) > SHOWN:
        raise TooMuch(path, f"it shows more than {SHOWN} nodes; export it with less that is repeated")


def _primitives(document: Any, warnings: Warnings) -> Iterator[tuple[F64, Any]]:
    """Give each primitive that the scene shows, and where; all geometries where it has no scene."""
    if document.scene is None:
        warnings.add("it has no scene that can be read: each of its geometries is drawn once")
        for geometry in document.geometries:
            for primitive in geometry.primitives:
                yield np.eye(4), primitive
        return
    for kind in ("geometry", "controller"):
        for bound in document.scene.objects(kind):
            # A skin is bound to its geometry; a morph shows the geometry that it starts from.
            inner = bound if kind == "geometry" else getattr(bound, "geometry", bound)
            original = getattr(inner.original, "source_geometry", inner.original)
            for primitive in original.primitives:
                yield np.asarray(inner.matrix, np.float64), primitive


def _triangles(primitive: Any, warnings: Warnings) -> tuple[F64, I64 | None]:
    """Vertices (N, 3) and triangles (M, 3) of a primitive; None where it has no faces."""
    points, index = primitive.vertex, primitive.vertex_index
    if points is None or index is None:
        return np.empty((0, 3)), np.empty((0, 3), np.int64)
    points, index = np.asarray(points, np.float64)[:, :3], np.asarray(index, np.int64)
    if hasattr(primitive, "vcounts"):
        offset = np.concatenate([[0], np.cumsum(np.asarray(primitive.vcounts, np.int64))])
        return points, triangulate(points, Polygons(index.ravel(), offset), warnings)
    return points, index if index.ndim == 2 and index.shape[1] == 3 else None


def _said(error: Exception) -> str:
    text = str(getattr(error, "msg", error))
    return " ".join(text.split())[:200]
