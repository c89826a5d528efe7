"""One primitive of a mesh: its points and its triangles."""

from __future__ import annotations

from typing import Any

import numpy as np

from sketchshape.mesh.gltf.document import Document
from sketchshape.mesh.triangulate import fan
from sketchshape.types import F64, I64

TRIANGLES, STRIP, FAN = 4, 5, 6


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
        self.points = self._morphed(weights)
        self.triangles = self._triangles(len(self.points))

    def attribute(self, name: str) -> np.ndarray:
        """Give an attribute of the vertices: (vertices, width).

        Raises:
            KeyError: it has none of that name.
        """
        return self._document.accessor(self.attributes[name])

    def _morphed(self, weights: list[float]) -> F64:
        points = self.attribute("POSITION")[:, :3].astype(np.float64)
        for weight, target in zip(weights, self._json.get("targets", []), strict=False):
            if weight and "POSITION" in target:
                points = points + weight * self._document.accessor(target["POSITION"])
        return points

    def _triangles(self, count: int) -> I64:
        """The corners, (M, 3); -1 where an index is none of the `count` vertices."""
        mode = self._json.get("mode", TRIANGLES)
        index = np.arange(count)
        if "indices" in self._json:
            index = self._document.accessor(self._json["indices"])[:, 0].astype(np.int64)
        index = np.where(index < count, index, -1)  # or it would be a vertex of the next mesh
        if mode == TRIANGLES:
            return index[: len(index) // 3 * 3].reshape(-1, 3)
        if len(index) < 3:
            return np.empty((0, 3), np.int64)
        if mode == FAN:
            return fan(index[None])
        strip = np.stack([index[:-2], index[1:-1], index[2:]], axis=1)
        strip[1::2] = strip[1::2, ::-1]
        return strip
