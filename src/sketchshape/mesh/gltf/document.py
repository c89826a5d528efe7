"""The JSON of a glTF file, its buffers, and accessors as arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.errors import MeshError
from sketchshape.mesh.bounds import Budget, TooMuch
from sketchshape.mesh.gltf.container import unpack
from sketchshape.mesh.gltf.extensions import check_required
from sketchshape.mesh.gltf.meshopt import decode_view
from sketchshape.mesh.gltf.uris import fetch
from sketchshape.mesh.soup import Warnings

COMPONENTS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
COMPONENTS |= {5124: "<i4", 5130: "<f8"}  # of OpenGL; some exporters write them
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
FILES = 1000  # that a file may name as buffers; as a rule it is one
ELEMENT = 12  # bytes of a vertex
MESHOPT = ("EXT_meshopt_compression", "KHR_meshopt_compression")


class Document:
    """A glTF file taken apart.

    Args:
        path: the file; buffers in files of their own are sought beside it.
        data: its content, binary (GLB) or JSON.

    Raises:
        MeshError: the container is broken, or the file requires an extension that is not known.
    """

    def __init__(self, path: Path, data: bytes) -> None:
        self.path, self.warnings = path, Warnings()
        self._buffers, self._views = dict[int, bytes](), dict[int, bytes]()
        self._fetched = dict[str, bytes]()
        self.json, self._binary = unpack(path, data, self.warnings)
        check_required(path, self.json)
        self.unpacked, self.drawn = Budget(path, len(data), "it unpacks"), Budget(path, len(data), "it draws")

    def list(self, name: str) -> list[Any]:
        """A top-level array of the JSON, empty where it is absent."""
        found: list[Any] = self.json.get(name) or []
        return found

    def accessor(self, index: int) -> np.ndarray:
        """Read an accessor: (count, width of its type), of the stored type, or float64 where normalised."""
        accessor = self.list("accessors")[index]
        kind, width = np.dtype(COMPONENTS[accessor["componentType"]]), WIDTHS[accessor["type"]]
        count = accessor["count"]
        if "sparse" in accessor or accessor.get("normalized"):
            self.unpacked.spend(count)  # it becomes an array of its own
        if "bufferView" in accessor:
            array = self._elements(accessor, kind, width, count)
        else:
            array = self._zeros(kind, width, count)
        if sparse := accessor.get("sparse"):
            which = np.dtype(COMPONENTS[sparse["indices"]["componentType"]])
            where = self._elements(sparse["indices"], which, 1, sparse["count"])[:, 0]
            array = array.copy()
            array[where] = self._elements(sparse["values"], kind, width, sparse["count"])
        return normalised(array) if accessor.get("normalized") else array

    def view(self, index: int) -> tuple[bytes, int, int]:
        """Give a buffer view, uncompressed: bytes that hold it, where it begins, and its stride or 0."""
        view = self.list("bufferViews")[index]
        begin, stride = view.get("byteOffset", 0), view.get("byteStride", 0)
        compressed = [view.get("extensions", {}).get(name) for name in MESHOPT]
        if how := next(filter(None, compressed), None):
            if index not in self._views:
                self.unpacked.spend(int(how["count"]) * int(how["byteStride"]) // ELEMENT)
                self._views[index] = decode_view(self.path, self._part(how), how)
            return self._views[index], 0, stride or (how["byteStride"] if how["mode"] == "ATTRIBUTES" else 0)
        return self._buffer(view["buffer"]), begin, stride

    def compressed(self, index: int) -> bytes:
        """Give the bytes of a buffer view that an extension reads by itself."""
        return self._part(self.list("bufferViews")[index])

    def _part(self, view: dict[str, Any]) -> bytes:
        buffer = self._buffer(view["buffer"])
        begin, size = view.get("byteOffset", 0), view["byteLength"]
        if min(begin, size) < 0 or begin + size > len(buffer):
            raise MeshError(
                self.path,
                f"buffer {view['buffer']} has {len(buffer)} bytes, but {begin + size} are used",
            )
        return buffer[begin : begin + size]

    def _elements(self, source: dict[str, Any], kind: np.dtype[Any], width: int, count: int) -> np.ndarray:
        """View `count` elements of the buffer view that `source` names, from its offset on."""
        buffer, begin, stride = self.view(source["bufferView"])
        begin += source.get("byteOffset", 0)
        size = kind.itemsize * width
        stride = stride or size
        end = begin + stride * (count - 1) + size if count > 0 else begin
        if min(begin, stride - size, count) < 0:
            raise MeshError(self.path, f"element count {count}, offset {begin}, stride {stride}: impossible")
        if end > len(buffer):
            which = self.list("bufferViews")[source["bufferView"]]["buffer"]
            raise MeshError(self.path, f"buffer {which} has {len(buffer)} bytes, but {end} are used")
        return np.ndarray((count, width), kind, buffer, begin, (stride, kind.itemsize))

    def _zeros(self, kind: np.dtype[Any], width: int, count: int) -> np.ndarray:
        # Only zeros need no bytes in the file; no honest file has more of them than bytes.
        most = sum(len(self._buffer(i)) for i in range(len(self.list("buffers"))))
        if count > most:
            raise MeshError(
                self.path, f"an accessor without data has {count} elements, the buffers {most} bytes"
            )
        self.unpacked.spend(count)
        return np.zeros((count, width), kind)

    def _buffer(self, index: int) -> bytes:
        if index not in self._buffers:
            uri = self.list("buffers")[index].get("uri")
            self._buffers[index] = self._file(uri) if uri else self._binary
        return self._buffers[index]

    def _file(self, uri: str) -> bytes:
        if uri not in self._fetched:
            if len(self._fetched) == FILES:
                raise TooMuch(self.path, f"its buffers are more than {FILES} files, expected one")
            self._fetched[uri] = fetch(self.path, uri)
            for budget in (self.unpacked, self.drawn):
                budget.grow(len(self._fetched[uri]))
        return self._fetched[uri]


def normalised(array: np.ndarray) -> np.ndarray:
    """Stored integers to numbers within -1 to 1; other numbers stay. [glTF 2.0] section 3.11."""
    if array.dtype.kind not in "iu":
        return array
    return np.maximum(array / np.iinfo(array.dtype).max, -1.0)
