"""Polygon File Format, text or binary: a header that declares elements, then their rows in order."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np

from sketchshape.compiled import compiled
from sketchshape.errors import MeshError
from sketchshape.mesh.ply_header import Header, read_header
from sketchshape.mesh.soup import Soup, Warnings, short_faces
from sketchshape.mesh.text.lines import Lines, keyword, offsets
from sketchshape.mesh.text.plain import encoding, plain
from sketchshape.mesh.text.scan import gather
from sketchshape.mesh.text.walk import walk
from sketchshape.mesh.triangulate import Polygons, triangulate
from sketchshape.types import I64, U8

COMMENT = keyword(b"comment")
HEAD = 2**18  # bytes in which the header ends

Table: TypeAlias = "dict[tuple[str, str], np.ndarray | Polygons]"
"""What is read, by the names of an element and a property: numbers, and lists of corners."""
POSITION = tuple(("vertex", axis) for axis in "xyz")


def read_ply(path: Path, data: bytes) -> Soup:
    """Read the vertices (N, 3) and triangles (M, 3) of a PLY file; triangle strips count as faces.

    Raises:
        MeshError: the header is wrong or promises no faces, or the body is shorter than it promises.
    """
    data = plain(data) if encoding(data) else data
    header = read_header(path, data)
    header.check(path, len(data))
    table, warnings = (_binary if header.order else _text)(path, data, header)
    vertices = np.stack([table[pair] for pair in POSITION], axis=1).astype(np.float64)
    lists, guess = header.corners()
    faces = [np.empty((0, 3), np.int64)]
    for pair in lists:
        column = table[pair]
        assert isinstance(column, Polygons)
        if pair[0] == "tristrips":
            faces.append(_strips(column))
        else:
            cuts = Warnings()
            faces.append(triangulate(vertices, column, cuts))
            warnings += cuts.listed() + short_faces(np.diff(column.offset))
    return Soup(vertices, np.concatenate(faces), guess + warnings)


def look_at_ply(path: Path, stream: BinaryIO, size: int) -> None:
    """Refuse a point cloud, or a body that is shorter than its header promises, before it is read.

    Raises:
        MeshError: that is so, or there is no header.
    """
    start = stream.read(HEAD)
    if not encoding(start):
        read_header(path, start).check(path, size)


def _text(path: Path, data: bytes, header: Header) -> tuple[Table, tuple[str, ...]]:
    """Read each row from a line, or else from as many words as it has, without lines that are comments."""
    body = Lines.of(path, data[header.size :])
    lines = Lines(path, body.text, body.start, body.end, body.number + header.lines)
    try:
        return _by_lines(lines, header)
    except MeshError:
        found = _by_words(lines[lines.keywords() != COMMENT], header)
        if found is None:
            raise
        return found


def _by_lines(lines: Lines, header: Header) -> tuple[Table, tuple[str, ...]]:
    table: Table = {}
    warnings, wanted = dict[str, None](), {*POSITION, *header.corners()[0]}
    for element in header.elements:
        if not element.properties:
            continue
        if len(lines) < element.rows:
            cause = f"{element.rows} rows of {element.name} promised, {len(lines)} found"
            last = int(lines.number[-1]) if len(lines) else header.lines
            raise MeshError(lines.path, f"the file ends too early: {cause}", line=last)
        what = f"a row of {element.name}"
        rows = lines[: element.rows].numbers(what=what)
        at = rows.offset[:-1]
        for item in element.properties:
            rows.require(at < rows.offset[1:], f"expected {what} with {item.name}")
            pair = element.name, item.name
            if item.count:
                items, offset = rows.lists(at, f"{item.name} of {what}")
                if pair in wanted:
                    table[pair] = Polygons(rows.whole(items, offset, f"{item.name} of {what}"), offset)
                at = at + np.diff(offset)
            elif pair in wanted:
                table[pair] = rows.values[at]
            at = at + 1
        more = at < rows.offset[1:]
        if more.any():
            first = rows.lines.number[np.argmax(more)]
            warnings[f"rows of {element.name} have more numbers than declared, the first in line {first}"] = (
                None
            )
        warnings |= dict.fromkeys(rows.warnings)
        lines = lines[element.rows :]
    if len(lines):
        warnings[f"left out {len(lines)} lines after the last row that the header promises"] = None
    return table, tuple(warnings)


def _by_words(lines: Lines, header: Header) -> tuple[Table, tuple[str, ...]] | None:
    """Read rows whose numbers fit the header in just this order, to the last, whatever lines they are in."""
    table: Table = {}
    at, wanted = 0, {*POSITION, *header.corners()[0]}
    try:
        rows = lines.numbers()
        for element in header.elements:
            is_list = np.array([bool(item.count) for item in element.properties], bool)
            if element.rows * len(is_list) > len(rows.values):
                return None
            if not len(is_list):  # rows of nothing, as many as it likes
                continue
            starts, lengths, at = walk(rows.values, at, element.rows, is_list)
            if at < 0:
                return None
            for item, start, length in zip(element.properties, starts, lengths, strict=True):
                if (element.name, item.name) in wanted:
                    items, offset = gather(rows.values, start, length), offsets(length)
                    table[element.name, item.name] = (
                        Polygons(rows.whole(items, offset, item.name), offset) if item.count else items
                    )
    except MeshError:
        return None
    return (table, rows.warnings) if at == len(rows.values) else None


def _binary(path: Path, data: bytes, header: Header) -> tuple[Table, tuple[str, ...]]:
    table: Table = {}
    body, at, wanted = np.frombuffer(data, np.uint8), header.size, {*POSITION, *header.corners()[0]}
    for element in header.elements:
        pairs = [(element.name, item.name) for item in element.properties]
        kinds = [np.dtype(header.order + item.kind) for item in element.properties]
        counts = [np.dtype(item.count).itemsize if item.count else 0 for item in element.properties]
        least = sum(count or kind.itemsize for kind, count in zip(kinds, counts, strict=True))
        end = at + least * element.rows
        if end <= len(data) and any(counts):
            sizes = np.array([kind.itemsize for kind in kinds])
            starts, lengths, end = _walk(body, at, element.rows, np.array(counts), sizes, header.order == ">")
            for i, pair in enumerate(pairs):
                if pair in wanted and end >= 0:
                    column = gather(body, starts[i], lengths[i] * sizes[i]).view(kinds[i])
                    table[pair] = (
                        Polygons(column.astype(np.int64), offsets(lengths[i])) if counts[i] else column
                    )
        elif end <= len(data) and least:
            names = [f"{i}" for i in range(len(kinds))]  # two properties may have one name
            rows = np.frombuffer(data, list(zip(names, kinds, strict=True)), element.rows, at)
            table |= {pair: rows[name] for name, pair in zip(names, pairs, strict=True) if pair in wanted}
        if not at <= end <= len(data):
            promise = f"within the {element.rows} rows of {element.name} that it promises"
            raise MeshError(path, f"the file ends too early, {promise}", byte=len(data))
        at = end
    if not data[at:].strip(b"\0\t\n\r "):
        return table, ()
    return table, (f"left out {len(data) - at} bytes after the last row that the header promises",)


def _strips(column: Polygons) -> I64:
    """Triangles of strips that end with -1, or with the row."""
    strip = np.insert(column.corners, column.offset[1:], -1)
    if len(strip) < 3:
        return np.empty((0, 3), np.int64)
    triangles = np.stack([strip[:-2], strip[1:-1], strip[2:]], axis=1)
    return np.asarray(triangles[(triangles != -1).all(axis=1)])


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
                    if length > len(body):  # before it is too long for 64 bits
                        return starts, lengths, -1
                at += counts[i]
            starts[i, row], lengths[i, row] = at, length
            at += length * sizes[i]
            if at > len(body):
                return starts, lengths, -1
    return starts, lengths, at
