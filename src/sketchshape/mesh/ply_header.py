"""The header of a PLY file: which elements follow, how many rows of each, and of what numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from sketchshape.errors import MeshError

TYPES = {
    "char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4", "float": "f4",
    "double": "f8", "int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4",
    "float16": "f2", "half": "f2", "float32": "f4", "float64": "f8", "int64": "i8", "uint64": "u8",
    "long": "i8", "ulong": "u8", "byte": "i1", "ubyte": "u1", "bool": "u1",
}  # fmt: skip
ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
CORNERS = ("vertex_indices", "vertex_index")
LEAST = 2  # bytes of a number in a text: a digit and a blank
MOST = 1000  # lines that declare something: no program writes a tenth of them, and each costs time

OPENING = re.compile(rb"(?:\xef\xbb\xbf)?\s*ply[^\S\r\n]*(?=[\r\n])", re.IGNORECASE)
ENDING = re.compile(rb"[\r\n][^\S\r\n]*end_header[^\S\r\n]*(\r\n?|\n|\Z)", re.IGNORECASE)
LINE = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True)
class Property:
    """One number of a row, or a list of them.

    Args:
        name: in lower case.
        kind: NumPy's code of a value.
        count: NumPy's code of the length of a list, "" where the property is one value.
    """

    name: str
    kind: str
    count: str = ""


@dataclass(frozen=True)
class Element:
    """Rows with the same properties."""

    name: str
    rows: int
    properties: list[Property] = field(default_factory=list)


@dataclass(frozen=True)
class Header:
    """What the header says.

    Args:
        order: "<", ">", or "" for a text.
        elements: in the order of their rows.
        size: bytes of the header.
        lines: its lines.
    """

    order: str
    elements: list[Element]
    size: int
    lines: int

    def corners(self) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
        """The element and property of each list of corners, and a warning where that is a guess."""
        lists = [
            (element.name, item.name)
            for element in self.elements
            for item in element.properties
            if item.count and element.name != "range_grid" and element.rows
        ]
        named = [pair for pair in lists if pair[1] in CORNERS]
        of_faces = [pair for pair in lists if pair[0] in ("face", "faces", "polygon", "polygons", "triangle")]
        if named or len(of_faces) != 1:
            return named, ()
        return of_faces, (f"took the list {of_faces[0][1]!r} of {of_faces[0][0]} for its corners",)

    def check(self, path: Path, size: int) -> None:
        """Refuse what the header already shows to have nothing to draw, or more rows than bytes.

        Args:
            path: the file, for errors.
            size: bytes of the whole file.

        Raises:
            MeshError: that is so.
        """
        vertices = next((element for element in self.elements if element.name == "vertex"), None)
        if vertices is None or not {"x", "y", "z"} <= {item.name for item in vertices.properties}:
            raise MeshError(path, "the header declares no element vertex with x, y and z")
        for element in self.elements:
            need = element.rows * sum(_bytes(item, self.order) for item in element.properties)
            if need > size - self.size + 1:
                promise = f"the {element.rows} rows of {element.name} that it promises need {need} bytes"
                raise MeshError(path, f"the file ends too early: {promise}", byte=size)
        if not self.corners()[0]:
            cause = (
                f"{vertices.rows} vertices, but no list of vertex_indices, so this is a point cloud or lines"
            )
            raise MeshError(path, f"no faces to draw: {cause}", line=self.lines)


def read_header(path: Path, data: bytes) -> Header:
    """Read the header from the first bytes of a file; a line ends with LF, CR LF or CR, each as it likes.

    Raises:
        MeshError: it is no header of PLY, or has no end.
    """
    opening = OPENING.match(data)
    if not opening:
        raise MeshError(path, "expected the word ply", line=1)
    ending = ENDING.search(data, opening.end())
    if not ending:
        raise MeshError(path, "the header has no end_header", byte=len(data))
    head, size = data[: ending.start()], ending.end()
    if ending[1] == b"\r\n" and b"\n" not in head:
        size -= 1  # its lines end with CR alone: the LF is the first byte of the body
    order, elements, declared = None, list[Element](), 0
    texts = LINE.split(data[:size].decode("latin-1"))[:-1]
    for number, text in enumerate(texts, start=1):
        declared += text.lstrip()[:1].lower() in ("e", "p")
        if declared > MOST:
            raise MeshError(path, f"its header declares more than {MOST} properties", line=number)
        match text.replace("\0", " ").partition("#")[0].lower().split():
            case ["format", str(name), *_] if name in ORDERS:
                order = ORDERS[name]
            case ["element", str(name), str(rows)] if rows.isdecimal() and len(rows) < 16:
                if any(element.name == name for element in elements):
                    raise MeshError(path, f"the element {name} is declared twice", line=number)
                elements.append(Element(name, int(rows)))
            case ["property", "list", str(count), str(kind), str(name)] if (
                elements and kind in TYPES and TYPES.get(count, "f")[0] in "iu"
            ):
                elements[-1].properties.append(Property(name, TYPES[kind], TYPES[count]))
            case ["property", str(kind), str(name)] if elements and kind in TYPES:
                elements[-1].properties.append(Property(name, TYPES[kind]))
            case ["format" | "element" | "property", *_]:
                raise MeshError(path, f"not a header line of PLY: {text[:60]!r}", line=number)
    if order is None:
        cause = f"the header names no format, expected one of: {', '.join(ORDERS)}"
        raise MeshError(path, cause, line=len(texts))
    return Header(order, elements, size, len(texts))


def _bytes(item: Property, order: str) -> int:
    """The least bytes that a property takes in a row."""
    return int((item.count or item.kind)[1]) if order else LEAST
