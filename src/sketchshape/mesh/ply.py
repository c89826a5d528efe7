"""Polygon File Format, text or binary: a header that declares elements, then their rows in order."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np

from sketchshape.compiled import compiled
from sketchshape.errors import MeshError
from sketchshape.mesh.scan import gather
from sketchshape.mesh.soup import Soup
from sketchshape.mesh.text import Lines, offsets
from sketchshape.mesh.triangulate import Polygons, triangulate
from sketchshape.types import I64, U8

TYPES = {
    "char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4", "float": "f4",
    "double": "f8", "int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4",
    "float32": "f4", "float64": "f8",
}  # fmt: skip
ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
CORNERS = ("vertex_indices", "vertex_index")

Column: TypeAlias = "np.ndarray | Polygons"


@dataclass(frozen=True)
class _Property:
    name: str
    kind: str  # NumPy's code of a value
    count: str = ""  # of the length of a list, "" where the property is one value


@dataclass(frozen=True)
class _Element:
    name: str
    rows: int
    properties: list[_Property] = field(default_factory=list)


@dataclass(frozen=True)
class _Header:
    order: str
    elements: list[_Element]
    size: int  # bytes
    lines: int


def read_ply(path: Path, data: bytes) -> Soup:
    """Read the vertices (N, 3) and triangles (M, 3) of a PLY file; triangle strips count as faces.

    Raises:
        MeshError: the header is wrong, or the body is shorter than it promises.
    """
    header = _header(path, data)
    read = _binary if header.order else _text
    columns = read(path, data, header)
    try:
        x, y, z = (columns["vertex", axis] for axis in "xyz")
    except KeyError:
        raise MeshError(path, "the header declares no element vertex with x, y and z") from None
    vertices = np.stack([x, y, z], axis=1).astype(np.float64)
    faces = [np.empty((0, 3), np.int64)]
    for (element, name), column in columns.items():
        if name in CORNERS and isinstance(column, Polygons):
            faces.append(_strips(column) if element == "tristrips" else triangulate(vertices, column))
    return Soup(vertices, np.concatenate(faces))


def _header(path: Path, data: bytes) -> _Header:
    opening = re.match(rb"ply[ \t]*(\r\n|\n|\r)", data)
    if not opening:
        raise MeshError(path, "expected the word ply", line=1)
    ending = re.compile(rb"(?:^|[\r\n])end_header[ \t]*" + opening[1]).search(data)
    if not ending:
        raise MeshError(path, "the header has no end_header", byte=len(data))
    texts = re.split(opening[1].decode(), data[: ending.end()].decode("latin-1"))[:-1]
    order, elements = None, list[_Element]()
    for number, text in enumerate(texts, start=1):
        match text.split():
            case ["format", str(name), *_] if name in ORDERS:
                order = ORDERS[name]
            case ["element", str(name), str(rows)] if rows.isdecimal() and len(rows) < 16:
                elements.append(_Element(name, int(rows)))
            case ["property", "list", str(count), str(kind), str(name)] if (
                elements and kind in TYPES and TYPES.get(count, "f")[0] in "iu"
            ):
                elements[-1].properties.append(_Property(name, TYPES[kind], TYPES[count]))
            case ["property", str(kind), str(name)] if elements and kind in TYPES:
                elements[-1].properties.append(_Property(name, TYPES[kind]))
            case ["format" | "element" | "property", *_]:
                raise MeshError(path, f"not a header line of PLY: {text[:60]!r}", line=number)
    if order is None:
        raise MeshError(
            path, f"the header names no format, expected one of: {', '.join(ORDERS)}", line=len(texts)
        )
    return _Header(order, elements, ending.end(), len(texts))


def _text(path: Path, data: bytes, header: _Header) -> dict[tuple[str, str], Column]:
    lines, columns = Lines.of(path, data), dict[tuple[str, str], Column]()
    lines = lines[lines.number > header.lines]
    for element in header.elements:
        if not element.properties:
            continue
        if len(lines) < element.rows:
            cause = (
                f"the file ends too early: {element.rows} rows of {element.name} promised, {len(lines)} found"
            )
            raise MeshError(path, cause, line=int(lines.number[-1]) if len(lines) else header.lines)
        what = f"a row of {element.name}"
        rows = lines[: element.rows].numbers(what=what)
        at = rows.offset[:-1]
        for item in element.properties:
            rows.require(at < rows.offset[1:], f"expected {what} with {item.name}")
            if item.count:
                polygons = Polygons(*rows.counted(at, f"{item.name} of {what}"))
                columns[element.name, item.name] = polygons
                at = at + np.diff(polygons.offset)
            else:
                columns[element.name, item.name] = rows.values[at]
            at = at + 1
        lines = lines[element.rows :]
    return columns


def _binary(path: Path, data: bytes, header: _Header) -> dict[tuple[str, str], Column]:
    body, at, columns = np.frombuffer(data, np.uint8), header.size, dict[tuple[str, str], Column]()
    for element in header.elements:
        kinds = [np.dtype(header.order + item.kind) for item in element.properties]
        counts = [np.dtype(item.count).itemsize if item.count else 0 for item in element.properties]
        least = sum(count or kind.itemsize for kind, count in zip(kinds, counts, strict=True))
        end = at + least * element.rows
        if end <= len(data) and any(counts):
            sizes = np.array([kind.itemsize for kind in kinds])
            starts, lengths, end = _walk(body, at, element.rows, np.array(counts), sizes, header.order == ">")
            for i, item in enumerate(element.properties):
                if item.count and 0 <= end <= len(data):
                    offset = offsets(lengths[i])
                    raw = gather(body, starts[i], lengths[i] * sizes[i])
                    columns[element.name, item.name] = Polygons(raw.view(kinds[i]).astype(np.int64), offset)
        elif end <= len(data) and least:
            names = [f"{i}" for i in range(len(kinds))]  # two properties may have one name
            table = np.frombuffer(data, list(zip(names, kinds, strict=True)), element.rows, at)
            for name, item in zip(names, element.properties, strict=True):
                columns[element.name, item.name] = table[name]
        if not at <= end <= len(data):
            cause = (
                f"the file ends too early, within the {element.rows} rows of {element.name} that it promises"
            )
            raise MeshError(path, cause, byte=len(data))
        at = end
    return columns


def _strips(column: Polygons) -> I64:
    """Triangles of strips that end with -1, or with the row; those across an end are dropped in cleaning."""
    strip = np.insert(column.corners, column.offset[1:], -1)
    return (
        np.stack([strip[:-2], strip[1:-1], strip[2:]], axis=1)
        if len(strip) > 2
        else np.empty((0, 3), np.int64)
    )


@compiled()
def _walk(body: U8, at: int, rows: int, counts: I64, sizes: I64, big: bool) -> tuple[I64, I64, int]:
    """First byte and length of each list, (properties, rows); and where the rows end, -1 beyond the file."""
    starts = np.zeros((len(sizes), rows), np.int64)
    lengths = np.zeros((len(sizes), rows), np.int64)
    for row in range(rows):
        for i in range(len(sizes)):
            length = 1
            if counts[i]:
                if at + counts[i] > len(body):
                    return starts, lengths, -1
                length = 0
                for k in range(counts[i]):
                    length = length * 256 + int(body[at + (k if big else counts[i] - 1 - k)])
                at += counts[i]
            starts[i, row], lengths[i, row] = at, length
            at += length * sizes[i]
            if at > len(body):
                return starts, lengths, -1
    return starts, lengths, at
