"""Object File Format: counts, vertices, then polygons that begin with their number of corners."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from sketchshape.errors import MeshError
from sketchshape.mesh.soup import Soup, Warnings, short_faces
from sketchshape.mesh.text.lines import Lines, Rows, offsets
from sketchshape.mesh.text.plain import encoding
from sketchshape.mesh.text.scan import gather
from sketchshape.mesh.text.walk import walk
from sketchshape.mesh.triangulate import Polygons, triangulate
from sketchshape.types import F64, I64

HEADER = re.compile(r"(?P<kind>[STCN4]*)(?P<n>n?)OFF(?P<rest>\d*)", re.ASCII)
"""Texture (ST), colour (C) and normal (N) follow the position of a vertex; with 4 it has a divisor w."""
COLOURS = (None, 0, 1, 3, 4)  # numbers of colour that may follow each face
HEAD = 2**14  # bytes in which the counts are


class _Head(NamedTuple):
    kind: str  # the letters before OFF
    counts: tuple[int, int]  # of vertices and faces
    line: int  # in which of the lines they end
    byte: int  # and where in the text


class _Body(NamedTuple):
    points: F64  # (N, 3) or wider: the position, its divisor, and what is not read
    polygons: Polygons
    warnings: tuple[str, ...]
    numbers: I64 | None = None  # the lines of the polygons


def read_off(path: Path, data: bytes) -> Soup:
    """Read the vertices (N, 3) and triangles (M, 3) of an OFF file.

    The header may be missing, or share its line with the counts, even without a space ("OFF8 6 0"). Each
    vertex and face has a line; where that is not so, the order of the numbers alone counts.

    Raises:
        MeshError: the file does not follow the format.
    """
    lines = Lines.of(path, data)
    head = _header(lines)
    try:
        body = _by_lines(lines, head)
    except MeshError:
        found = _by_words(lines, head)
        if found is None:
            raise
        body = found
    vertices = body.points[:, :3]
    if "4" in head.kind:
        with np.errstate(divide="ignore", invalid="ignore"):
            vertices = vertices / body.points[:, 3:4]
    short = short_faces(np.diff(body.polygons.offset), body.numbers)
    cuts = Warnings()
    faces = triangulate(vertices, body.polygons, cuts)
    return Soup(vertices, faces, body.warnings + cuts.listed() + short)


def look_at_off(path: Path, stream: BinaryIO, size: int) -> None:
    """Refuse a file whose counts have no faces, or ask for more bytes than there are.

    Raises:
        MeshError: that is so, or the file begins without counts.
    """
    start = stream.read(HEAD)
    lines = Lines.of(path, start)
    if encoding(start):
        return
    try:
        head = _header(lines)
    except MeshError:
        if size > HEAD and len(lines) < 8:
            return  # the rest is comments, so the counts may come later
        raise
    vertices, faces = head.counts
    if not faces:
        raise lines.error(head.line, f"no faces to draw: {vertices} vertices and 0 faces promised")
    least = 6 * vertices + 2 * faces  # a digit and a blank for each number
    if least > size + 1:
        cause = f"the file ends too early: the {vertices} vertices and {faces} faces that it promises"
        raise MeshError(path, f"{cause} need {least} bytes", line=int(lines.number[head.line]))


def _header(lines: Lines) -> _Head:
    """Read what vertices have beside their position, and the counts, in whatever lines they are."""
    if not len(lines):
        raise MeshError(lines.path, "empty, expected OFF")
    kind, counts, line, last = "", list[int](), 0, (0, 0)
    for at, (line, end, word, alone) in enumerate(_words(lines)):
        if at == 0 and (match := HEADER.fullmatch(word.upper() if word[:3].islower() else word)):
            first = lines.text[lines.start[0] : min(lines.end[0], lines.start[0] + HEAD)].tobytes()
            if match["n"] or b"BINARY" in first.upper():
                cause = "n-dimensional and binary OFF are not supported, convert the file to plain OFF"
                raise lines.error(0, cause)
            kind, word = match["kind"], match["rest"]
            if not word:
                continue
        of_vertex = len(counts) == 2 and line > last[0] and not alone  # the number of edges is not there
        if of_vertex or not word.isdecimal() or len(word) > 15:
            break
        counts.append(int(word))
        last = line, end
        if len(counts) == 3:
            break
    if len(counts) < 2:
        raise lines.error(line, "expected the counts of vertices, faces and edges")
    return _Head(kind, (counts[0], counts[1]), *last)


def _words(lines: Lines) -> Iterator[tuple[int, int, str, bool]]:
    """The words of a text: the line of each, where it ends, the word, and whether it is alone in its line."""
    for line in range(len(lines)):
        start = int(lines.start[line])
        text = lines.text[start : lines.end[line]].tobytes()
        for match in re.finditer(rb"[^\0- ]+", text):
            yield line, start + match.end(), match[0].decode("latin-1"), len(match[0]) == len(text)


def _by_lines(lines: Lines, head: _Head) -> _Body:
    count = head.counts[0]
    _check_counts(lines, head)
    body = lines[head.line + 1 :]
    points = body[:count].numbers(what="a vertex")
    vertices, width = points.columns(3 + ("4" in head.kind), "a vertex"), np.diff(points.offset)
    points.require(width == width[:1], "expected a vertex of as many numbers as the first")
    rows = body[count:].numbers(what="a face")
    polygons = Polygons(*rows.counted(rows.offset[:-1], "a face"))
    return _Body(vertices, polygons, points.warnings or rows.warnings, rows.lines.number)


def _check_counts(lines: Lines, head: _Head) -> None:
    have, want = len(lines) - head.line - 1, sum(head.counts)
    vertices, faces = head.counts
    promise = f"line {lines.number[head.line]} promises {vertices} vertices and {faces} faces, {want} lines"
    if have < want:
        cause = f"the file ends too early: {promise}, but only {have} follow"
        raise MeshError(lines.path, cause, line=int(lines.number[-1]))
    if have > want:
        raise lines.error(head.line + 1 + want, f"expected the end of the file: {promise}")


def _by_words(lines: Lines, head: _Head) -> _Body | None:
    """Read a body whose numbers fit the counts in just this order, whatever lines they are in; else None.

    Every number must be used, and every face have three corners or more that are vertices, so that no damaged
    file is taken for another one.
    """
    rest = lines[head.line :]
    rest = Lines(rest.path, rest.text, np.append(head.byte, rest.start[1:]), rest.end, rest.number)
    try:
        rows = rest.numbers()
    except MeshError:
        return None
    count, faces = head.counts
    beside = 3 + ("4" in head.kind) + 2 * ("T" in head.kind) + 3 * ("N" in head.kind)
    for width in (beside + 4, beside + 3) if "C" in head.kind else (beside,):
        end = count * width
        if end + faces > len(rows.values):
            continue
        for colours in COLOURS:
            polygons = _polygons(rows, end, faces, colours)
            if polygons and _sound(polygons, count):
                return _Body(rows.values[:end].reshape(-1, width), polygons, rows.warnings)
    return None


def _sound(polygons: Polygons, count: int) -> bool:
    """Whether all faces are of three corners or more, and all corners one of `count` vertices."""
    inside = (polygons.corners >= 0) & (polygons.corners < count)
    return bool(inside.all() and (np.diff(polygons.offset) > 2).all())


def _polygons(rows: Rows, at: int, count: int, colours: int | None) -> Polygons | None:
    """Read the faces from number `at` on, each with so many numbers of colour; None: to its line's end."""
    try:
        if colours is None:
            line = int(np.searchsorted(rows.offset, at))
            if rows.offset[line] != at or len(rows.lines) - line != count:
                return None
            below = Rows(rows.lines[line:], rows.values[at:], rows.offset[line:] - at)
            return Polygons(*below.counted(below.offset[:-1], "a face"))
        starts, lengths, end = walk(rows.values, at, count, np.arange(1 + colours) == 0)
        if end != len(rows.values):
            return None
        offset = offsets(lengths[0])
        return Polygons(rows.whole(gather(rows.values, starts[0], lengths[0]), offset, "a face"), offset)
    except MeshError:
        return None
