"""One model part of a 3MF file: its objects, and what is built of them."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.parsers import expat

import numpy as np

from sketchshape.types import F64, I64

NOT_DRAWN = ("support", "solidsupport", "other")
DEEPEST = 100  # elements in elements; a whole file has some ten


class Use(NamedTuple):
    """An object at a place.

    Args:
        part: the model part that it is in, None for the same one.
        id: of the object.
        matrix: (4, 3) float64: a point (x, y, z, 1) times it.
    """

    part: str | None
    id: str
    matrix: F64


@dataclass
class Object:
    """An object: triangles, or other objects at their places.

    Args:
        kind: model, or support and others that are no part of the shape.
        corners: x, y, z of each vertex.
        triangles: indices of three vertices each, -1 for one that cannot be read.
        parts: other objects.
    """

    kind: str
    corners: array[float] = field(default_factory=lambda: array("d"))
    triangles: array[int] = field(default_factory=lambda: array("q"))
    parts: list[Use] = field(default_factory=list)

    def mesh(self) -> tuple[F64, I64]:
        """Give its vertices (N, 3) and triangles (M, 3)."""
        vertices = np.array(self.corners, np.float64).reshape(-1, 3)
        return vertices, np.array(self.triangles, np.int64).reshape(-1, 3)


class Model:
    """A model part.

    Args:
        text: its XML.

    Raises:
        ValueError: it is not well-formed, nested too deep, or declares entities, which no such file needs.
    """

    def __init__(self, text: bytes) -> None:
        self.objects: dict[str, Object] = {}
        self.items: list[Use] = []
        self._object, self._depth = Object("model"), 0
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.EntityDeclHandler = _refuse
        parser.buffer_text = True
        try:
            parser.Parse(text, True)
        except expat.ExpatError as error:
            raise ValueError(f"its XML is broken: {error}") from error

    def _start(self, name: str, given: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ValueError(f"its XML is nested more than {DEEPEST} deep")
        name = name.rpartition(" ")[2]
        if name == "vertex":
            self._object.corners.extend([_float(given, "x"), _float(given, "y"), _float(given, "z")])
        elif name == "triangle":
            self._object.triangles.extend([_index(given, "v1"), _index(given, "v2"), _index(given, "v3")])
        elif name == "object":
            self._object = self.objects[given.get("id", "")] = Object(given.get("type", "model"))
        elif name in ("component", "item"):
            part = next((value for key, value in given.items() if key.endswith(" path")), None)
            use = Use(part, given.get("objectid", ""), _matrix(given.get("transform")))
            (self.items if name == "item" else self._object.parts).append(use)

    def _end(self, _: str) -> None:
        self._depth -= 1


def _refuse(*_: object) -> None:
    raise ValueError("its XML declares entities, which are not read")


def _float(given: dict[str, str], name: str) -> float:
    try:
        return float(given[name])
    except (KeyError, ValueError):
        return np.nan  # the faces of such a vertex are left out


def _index(given: dict[str, str], name: str) -> int:
    try:
        return max(int(given[name]), -1)
    except (KeyError, ValueError):
        return -1


def _matrix(text: str | None) -> F64:
    """Read twelve numbers by rows; without any, nothing is moved."""
    if not text:
        return np.eye(4, 3)
    numbers = np.array(text.split(), np.float64)
    if len(numbers) != 12:
        raise ValueError(f"a transform has {len(numbers)} numbers, expected 12")
    return numbers.reshape(4, 3)
