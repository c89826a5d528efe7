"""What a scene draws, put into its place when all of it is known."""

from __future__ import annotations

import numpy as np

from sketchshape.types import F64, I64

BLOCK = 2**20  # vertices that are placed at once


class _Part:
    """Points and triangles, and each place where they are drawn."""

    def __init__(self, points: F64, triangles: I64) -> None:
        self.points, self.triangles = points, triangles
        self.matrices = list[F64]()
        self.vertex, self.face = list[int](), list[int]()  # where those of each place begin


class Placed:
    """Parts in the order in which they were drawn; those that are drawn often are kept once."""

    def __init__(self) -> None:
        self._parts = dict[int, _Part]()
        self._vertices = self.triangles = 0

    def add(self, points: F64, triangles: I64, matrices: F64) -> None:
        """Draw a part.

        Args:
            points: (N, 3) float64; the same array again is the same part again.
            triangles: (M, 3) int64, indices of them, -1 for none.
            matrices: (n, 4, 4) float64, to the scene, one for each time that it is drawn.
        """
        part = self._parts.setdefault(id(points), _Part(points, triangles))
        part.matrices.extend(matrices)
        for _ in range(len(matrices)):
            part.vertex.append(self._vertices)
            part.face.append(self.triangles)
            self._vertices += len(points)
            self.triangles += len(triangles)

    def joined(self) -> tuple[F64, I64]:
        """Give the vertices (N, 3) and triangles (M, 3) of all parts, each where it belongs."""
        vertices, faces = np.empty((self._vertices, 3)), np.empty((self.triangles, 3), np.int64)
        for part in self._parts.values():
            step = max(BLOCK // max(len(part.points), len(part.triangles), 1), 1)
            for at in range(0, len(part.matrices), step):
                matrices = np.array(part.matrices[at : at + step])
                vertex, face = (np.array(begin[at : at + step]) for begin in (part.vertex, part.face))
                rows = vertex[:, None] + np.arange(len(part.points))
                vertices[rows] = (
                    part.points @ matrices[:, :3, :3].transpose(0, 2, 1) + matrices[:, None, :3, 3]
                )
                rows = face[:, None] + np.arange(len(part.triangles))
                moved = part.triangles + vertex[:, None, None]
                faces[rows] = np.where(part.triangles < 0, -1, moved)
        return vertices, faces
