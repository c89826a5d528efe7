"""Primitives packed by KHR_draco_mesh_compression."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.errors import MeshError
from sketchshape.mesh.libraries.extra import library
from sketchshape.types import I64


class Draco:
    """A mesh unpacked.

    Args:
        path: the file, for errors.
        data: the packed bytes.

    Raises:
        MeshError: DracoPy is not installed, or the data is damaged.
    """

    def __init__(self, path: Path, data: bytes) -> None:
        decoder = library(path, "DracoPy", "draco")
        try:
            self._mesh: Any = decoder.decode(data)
            faces = np.asarray(getattr(self._mesh, "faces", []), np.int64)
        except Exception as error:  # of C++, of any kind
            raise MeshError(path, f"its Draco data cannot be unpacked: {error}") from error
        self.triangles: I64 = faces.reshape(-1, 3)

    def attribute(self, id: int) -> np.ndarray:
        """Give an attribute of the vertices by its number in the data: (vertices, width).

        Raises:
            KeyError: there is none.
        """
        found = self._mesh.get_attribute_by_unique_id(id)
        if found is None:
            raise KeyError(f"Draco attribute {id}")
        return np.asarray(found["data"])
