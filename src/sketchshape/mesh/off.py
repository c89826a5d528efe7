"""Object File Format: counts, vertices, then polygons that begin with their number of corners."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from sketchshape.errors import MeshError
from sketchshape.mesh.soup import Soup
from sketchshape.mesh.text import Lines
from sketchshape.mesh.triangulate import Polygons, triangulate

HEADER = re.compile(r"(?P<kind>[STCN4]*)(?P<n>n?)OFF(?P<rest>.*)", re.ASCII)
"""Texture (ST), colour (C) and normal (N) follow the position of a vertex; with 4 it has a divisor w."""


def read_off(path: Path, data: bytes) -> Soup:
    """Read the vertices (N, 3) and triangles (M, 3) of an OFF file.

    The header may be missing, or share its line with the counts, even without a space ("OFF8 6 0").

    Raises:
        MeshError: the file does not follow the format.
    """
    lines = Lines.of(path, data.removeprefix(b"\xef\xbb\xbf"))
    if not len(lines):
        raise MeshError(path, "empty, expected OFF")
    four, counts, at = _header(lines)
    _check_counts(lines, counts, at)
    vertex_count = counts[0]
    body = lines[at + 1 :]
    points = body[:vertex_count].numbers(what="a vertex")
    vertices, width = points.columns(3 + four, "a vertex"), np.diff(points.offset)
    points.require(width == width[:1], "expected a vertex of as many numbers as the first")
    rows = body[vertex_count:].numbers(what="a face")
    polygons = Polygons(*rows.counted(rows.offset[:-1], "a face"))
    if four:
        with np.errstate(divide="ignore", invalid="ignore"):
            vertices = vertices[:, :3] / vertices[:, 3:]
    return Soup(vertices, triangulate(vertices, polygons))


def _header(lines: Lines) -> tuple[bool, tuple[int, int], int]:
    """Read whether vertices have four coordinates, the counts, and which line they are in."""
    first, four, at = " ".join(lines.words(0)), False, 0
    rest = first
    if match := HEADER.match(first.upper() if first[:3].islower() else first):
        if match["n"] or "BINARY" in match["rest"].upper():
            raise lines.error(
                0, "n-dimensional and binary OFF are not supported, convert the file to plain OFF"
            )
        four, rest = "4" in match["kind"], match["rest"]
        if not rest.strip():
            at = 1
            rest = " ".join(lines.words(1)) if len(lines) > 1 else ""
    numbers = rest.split()
    if len(numbers) < 2 or not all(word.isdecimal() and len(word) < 16 for word in numbers[:2]):
        raise lines.error(min(at, len(lines) - 1), "expected the counts of vertices, faces and edges")
    return four, (int(numbers[0]), int(numbers[1])), at


def _check_counts(lines: Lines, counts: tuple[int, int], at: int) -> None:
    have, want = len(lines) - at - 1, sum(counts)
    promise = f"line {lines.number[at]} promises {counts[0]} vertices and {counts[1]} faces, {want} lines"
    if have < want:
        raise MeshError(
            lines.path,
            f"the file ends too early: {promise}, but only {have} follow",
            line=int(lines.number[-1]),
        )
    if have > want:
        raise lines.error(at + 1 + want, f"expected the end of the file: {promise}")
