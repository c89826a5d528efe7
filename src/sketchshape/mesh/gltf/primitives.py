"""One primitive of a mesh: its points and its triangles."""

from __future__ import annotations

from typing import Any

import numpy as np

from sketchshape.mesh.gltf.document import Document, normalised
from sketchshape.mesh.gltf.draco import Draco
from sketchshape.mesh.soup import only_used
from sketchshape.mesh.triangulate import fan
from sketchshape.types import F64, I64

TRIANGLES, STRIP, FAN = 4, 5, 6
DRACO = "KHR_draco_mesh_compression"


class Primitive:
    """A primitive of a mesh.

    Args:
        document: the file.
        json: what it says of the primitive.
        weights: of its morph targets.
    """

    def __init__(self, document: Document, json: dict[str, Any], weights: list[float]) -> None:
        self._document, self._json = document, json
        self.attributes: dict[str, int] = json["attributes"]
        how = (json.get("extensions") or {}).get(DRACO)
        plain = "bufferView" in document.list("accessors")[self.attributes["POSITION"]]
        self._packed: dict[str, int] = {}
        self._used: I64 | None = None  # vertices, where few of many are, as when primitives share them
        if how and not plain:  # as a rule what is packed is not there in plain form too
            self._packed = how["attributes"]
            self._draco = Draco(document.path, document.compressed(how["bufferView"]), document.unpacked)
        count = len(self.attribute("POSITION"))
        self.triangles = _checked(self._draco.triangles, count) if self._packed else self._triangles(count)
        if 3 * len(self.triangles) < count:
            self._used, self.triangles = only_used(self.triangles)
        self.points = self._morphed(weights)

    def attribute(self, name: str) -> np.ndarray:
        """Give an attribute of the vertices: (vertices, width).

        Raises:
            KeyError: it has none of that name.
        """
        index = self.attributes[name]
        if name not in self._packed:
            return self._kept(self._document.accessor(index))
        array = self._draco.attribute(self._packed[name])
        normal = self._document.list("accessors")[index].get("normalized")
        return self._kept(normalised(array) if normal else array)

    def _kept(self, array: np.ndarray) -> np.ndarray:
        return array if self._used is None else array[self._used]

    def _morphed(self, weights: list[float]) -> F64:
        points = self.attribute("POSITION")[:, :3]
        self._document.unpacked.spend(len(points))
        points = points.astype(np.float64)
        for weight, target in zip(weights, self._json.get("targets") or [], strict=False):
            if weight and "POSITION" in target:
                self._document.unpacked.spend(len(points))
                points = points + weight * self._kept(self._document.accessor(target["POSITION"]))
        return points

    def _triangles(self, count: int) -> I64:
        mode = self._json.get("mode", TRIANGLES)
        stored = None
        if self._json.get("indices") is not None:
            stored = self._document.accessor(self._json["indices"])[:, 0]
        self._document.unpacked.spend(count if stored is None else len(stored))
        index = np.arange(count) if stored is None else stored.astype(np.int64)
        index = _checked(index, count)
        if mode == TRIANGLES:
            return index[: len(index) // 3 * 3].reshape(-1, 3)
        if len(index) < 3:
            return np.empty((0, 3), np.int64)
        if mode == FAN:
            return fan(index[None])
        strip = np.stack([index[:-2], index[1:-1], index[2:]], axis=1)
        strip[1::2] = strip[1::2, ::-1]
        return strip


def _checked(index: I64, count: int) -> I64:
    """Indices of vertices, -1 for what is none of them: or it would be a vertex of the next mesh."""
    return np.where(index < count, index, -1)
