"""Which shapes are worth comparing, where an engine tells it: the others are not looked at."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from sketchshape.engines import Engine, Rows
from sketchshape.errors import SketchshapeError
from sketchshape.say import warn
from sketchshape.search.ways import Ways, joined
from sketchshape.types import F32, I64

SPARE = 16  # vectors more than are wanted: engines round, and their order is not quite the true one
FEW = 10_000  # so few shapes are all compared, as fast as an engine would pick from them
PAUSE = 30.0  # seconds in which a server that failed is not asked again
MOST = 1_000  # vectors that are asked for at once; where more are wanted, all shapes are compared


class Nearest:
    """Asks an engine for the shapes among which the best are.

    Args:
        engine: that holds the vectors of the index.
        rows: that it was opened for.
        ways: of the shapes.
        way_rows: for each way the row of its vector in the file of the index.
    """

    def __init__(self, engine: Engine, rows: Rows, ways: Ways, way_rows: I64) -> None:
        self._engine, self._ways, self._held = engine, ways, len(rows)
        self._again = 0.0  # when the engine may be asked
        self._content = np.searchsorted(rows.rows, way_rows)  # of each way
        self._order = np.argsort(self._content, kind="stable")
        self._sorted = self._content[self._order]

    def shapes(self, queries: F32, k: int, allowed: NDArray[np.bool_] | None) -> I64 | None:
        """Find shapes among which the best are.

        Args:
            queries: (Q, D) float32, unit rows; of a shape its best likeness to one of them counts.
            k: how many of the best are wanted.
            allowed: (n,) bool, the shapes that count; None is all.

        Returns:
            Places of shapes, rising; None where all have to be compared.
        """
        if allowed is not None and (few := np.flatnonzero(allowed)).size <= FEW:
            return few
        count = k * self._ways.most + SPARE
        if count > MOST:
            return None
        among = None if allowed is None else np.unique(self._content[allowed[self._ways.shape]])
        contents = self._ask(queries, min(count, max(1, self._held)), among)
        if contents is None:
            return None
        begin, end = (np.searchsorted(self._sorted, contents, side) for side in ("left", "right"))
        ways = self._order[joined(begin, end - begin)]
        found = np.unique(self._ways.shape[ways])
        return found if allowed is None else found[allowed[found]]

    def _ask(self, queries: F32, count: int, among: I64 | None) -> I64 | None:
        """Ask the engine; None where its server is gone: who searches now is answered all the same."""
        if time.monotonic() < self._again:
            return None
        try:
            return self._engine.search(queries, count, among)
        except SketchshapeError as error:
            self._again = time.monotonic() + PAUSE
            warn(f"{error}; until then all shapes are compared")
            return None
