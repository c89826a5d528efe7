"""The engine that needs nothing: all vectors of the index are compared, by NumPy, in the file that it has."""

from __future__ import annotations

import numpy as np

from sketchshape.engines.engine import Rows, Where
from sketchshape.types import F32, I64


class Exact:
    """Compares with all vectors, or with all that are asked for; see `Engine`."""

    def __init__(self, rows: Rows, where: Where) -> None:
        self._rows = rows

    @classmethod
    def bring(cls, rows: Rows, where: Where, *, fresh: bool = False) -> None:
        """Do nothing: what the index has is what is held."""

    def search(self, queries: F32, k: int, among: I64 | None = None) -> I64:
        """Find the nearest; see `Engine`."""
        places = np.arange(len(self._rows)) if among is None else among
        if k >= len(places):
            return places
        if among is None:  # in one product with the file: to take rows out first would take longer
            cosines = (queries @ self._rows.file.T)[:, self._rows.rows]
        else:
            cosines = queries @ self._rows.vectors(places).T
        nearest = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
        return places[np.unique(nearest)]

    def close(self) -> None:
        """Do nothing."""

    def __len__(self) -> int:
        return len(self._rows)
