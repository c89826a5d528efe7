"""The container of glTF 2.0: the JSON, its buffers, and accessors as arrays."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

import numpy as np

from sketchshape.errors import MeshError

MAGIC, JSON_CHUNK, BIN_CHUNK = b"glTF", 0x4E4F534A, 0x004E4942
COMPONENTS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
UNSUPPORTED = (
    "KHR_draco_mesh_compression",
    "EXT_meshopt_compression",
    "KHR_meshopt_compression",
    "EXT_mesh_gpu_instancing",
)


class Document:
    """A glTF file taken apart.

    Args:
        path: the file; buffers in files of their own are sought beside it.
        data: its content, binary (GLB) or JSON.

    Raises:
        MeshError: the container is broken, or the file requires an extension that is not supported.
    """

    def __init__(self, path: Path, data: bytes) -> None:
        self.path, self._binary, self._buffers = path, b"", dict[int, bytes]()
        text, at = self._unpack(data) if data.startswith(MAGIC) else (data, 0)
        try:
            self.json: dict[str, Any] = json.loads(text)
        except json.JSONDecodeError as error:
            raise MeshError(path, f"not valid JSON: {error.msg}", byte=at + error.pos) from error
        if not isinstance(self.json, dict):
            raise MeshError(path, "expected a JSON object of glTF")
        for extension in UNSUPPORTED:
            if extension in self.json.get("extensionsRequired", []):
                raise MeshError(
                    path, f"needs {extension}, which is not supported; export it without compression"
                )

    def list(self, name: str) -> list[Any]:
        """A top-level array of the JSON, empty where it is absent."""
        found: list[Any] = self.json.get(name, [])
        return found

    def accessor(self, index: int) -> np.ndarray:
        """Read an accessor: (count, width of its type), of the stored type, or float64 where normalised."""
        accessor = self.list("accessors")[index]
        kind, width = np.dtype(COMPONENTS[accessor["componentType"]]), WIDTHS[accessor["type"]]
        count = accessor["count"]
        if "bufferView" in accessor:
            array = self._elements(accessor, kind, width, count)
        else:
            array = self._zeros(kind, width, count)
        if sparse := accessor.get("sparse"):
            which = np.dtype(COMPONENTS[sparse["indices"]["componentType"]])
            where = self._elements(sparse["indices"], which, 1, sparse["count"])[:, 0]
            array = array.copy()
            array[where] = self._elements(sparse["values"], kind, width, sparse["count"])
        if accessor.get("normalized") and kind.kind in "iu":
            array = np.maximum(array / np.iinfo(kind).max, -1.0)
        return array

    def _elements(self, source: dict[str, Any], kind: np.dtype[Any], width: int, count: int) -> np.ndarray:
        """View `count` elements of the buffer view that `source` names, from its offset on."""
        view = self.list("bufferViews")[source["bufferView"]]
        buffer = self._buffer(view["buffer"])
        begin = view.get("byteOffset", 0) + source.get("byteOffset", 0)
        size = kind.itemsize * width
        stride = view.get("byteStride") or size
        end = begin + stride * (count - 1) + size if count > 0 else begin
        if min(begin, stride - size, count) < 0:
            raise MeshError(self.path, f"element count {count}, offset {begin}, stride {stride}: impossible")
        if end > len(buffer):
            raise MeshError(self.path, f"buffer {view['buffer']} has {len(buffer)} bytes, but {end} are used")
        return np.ndarray((count, width), kind, buffer, begin, (stride, kind.itemsize))

    def _zeros(self, kind: np.dtype[Any], width: int, count: int) -> np.ndarray:
        # Only zeros need no bytes in the file; no honest file has more of them than bytes.
        most = sum(len(self._buffer(i)) for i in range(len(self.list("buffers"))))
        if count > most:
            raise MeshError(
                self.path, f"an accessor without data has {count} elements, the buffers {most} bytes"
            )
        return np.zeros((count, width), kind)

    def _buffer(self, index: int) -> bytes:
        if index not in self._buffers:
            self._buffers[index] = self._fetch(self.list("buffers")[index])
        return self._buffers[index]

    def _fetch(self, buffer: dict[str, Any]) -> bytes:
        uri = buffer.get("uri")
        if uri is None:
            return self._binary
        if uri.startswith("data:"):
            head, _, body = uri.partition(",")
            return base64.b64decode(body) if head.endswith(";base64") else unquote_to_bytes(body)
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", uri):
            raise MeshError(self.path, f"its buffer {uri[:60]!r} is not a file beside it")
        file = self.path.parent / unquote(uri)
        if not file.is_file():
            raise MeshError(self.path, f"its buffer {uri!r} is missing, expected it beside the file")
        return file.read_bytes()

    def _unpack(self, data: bytes) -> tuple[bytes, int]:
        """Take a GLB apart: the JSON, and where it begins; the binary chunk is kept."""
        version, length = (int.from_bytes(data[at : at + 4], "little") for at in (4, 8))
        if version != 2:
            raise MeshError(self.path, f"version {version} of glTF, expected 2", byte=4)
        if length > len(data):
            raise MeshError(self.path, f"the file ends too early: {length} bytes promised", byte=len(data))
        text, begin, at = b"", 0, 12
        while at + 8 <= length:
            size, kind = (int.from_bytes(data[at + k : at + k + 4], "little") for k in (0, 4))
            if at + 8 + size > length:
                raise MeshError(self.path, f"a chunk of {size} bytes goes beyond the file", byte=at)
            if kind == JSON_CHUNK and not text:
                text, begin = data[at + 8 : at + 8 + size], at + 8
            elif kind == BIN_CHUNK and not self._binary:
                self._binary = data[at + 8 : at + 8 + size]
            at += 8 + size
        if not text:
            raise MeshError(self.path, "the GLB has no JSON chunk", byte=12)
        return text, begin
