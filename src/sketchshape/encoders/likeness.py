"""How the embedding of a sketch is compared with that of a shape: the ways, by name."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

import numpy as np

from sketchshape.metrics.rows import unit
from sketchshape.types import F32, F64

BLOCK = 1 << 17  # numbers of shapes in work at once: in float64 they stay in the cache of a core


class Likeness(ABC):
    """A way of comparing; what is more alike has the higher value, always within -1..1."""

    name: ClassVar[str]
    rank: ClassVar[int] = 1
    """Dimensions of the embedding of one shape: 1 for (D,), 2 for (rows, D)."""
    unit_points: ClassVar[bool] = False
    """Whether what has one row, a sketch and with rank 1 a shape too, is stored with length 1."""

    def prepare(self, rows: F32) -> F32:
        """Bring embeddings of sketches or of shapes, (n, D) or (n, rows, D), to the form that is stored."""
        return unit(rows) if self.unit_points and rows.ndim == 2 else rows

    def between(self, sketches: F32, shapes: F32) -> F32:
        """Compare sketches with shapes.

        Args:
            sketches: (Q, D) float32, prepared.
            shapes: (G, D) or (G, rows, D) float32, prepared.

        Returns:
            (Q, G) float32, -1..1 but for rounding; of a shape the same whatever others are beside it.

        Raises:
            ValueError: the shapes of the arrays do not fit.
        """
        self._check(sketches, 1, shapes)
        return self._between(sketches, shapes)

    def among(self, some: F32, shapes: F32) -> F32:
        """Compare shapes with shapes.

        Args:
            some: (M, D) or (M, rows, D) float32, prepared.
            shapes: (G, D) or (G, rows, D) float32, prepared.

        Returns:
            (M, G) float32, -1..1 but for rounding.

        Raises:
            ValueError: the shapes of the arrays do not fit.
        """
        self._check(some, self.rank, shapes)
        return self._among(some, shapes)

    @abstractmethod
    def _between(self, sketches: F32, shapes: F32) -> F32: ...

    def _among(self, some: F32, shapes: F32) -> F32:
        return self._between(some, shapes)

    def _check(self, items: F32, rank: int, shapes: F32) -> None:
        ranks = (items.ndim - 1, shapes.ndim - 1)
        if ranks != (rank, self.rank) or items.shape[-1] != shapes.shape[-1]:
            raise ValueError(
                f"embeddings {items.shape} and {shapes.shape}, expected for {self.name} items of {rank} and "
                f"shapes of {self.rank} dimensions and of one width; look at what made them"
            )


class Cosine(Likeness):
    """The cosine; rows are stored with length 1."""

    name, unit_points = "cosine", True

    def _between(self, sketches: F32, shapes: F32) -> F32:
        cosines: F32 = sketches @ shapes.T
        return cosines


class Euclidean(Likeness):
    """1 / (1 + the Euclidean distance)."""

    name = "euclidean"

    def _between(self, sketches: F32, shapes: F32) -> F32:
        return _by_blocks(_euclidean, sketches, shapes)


class NearestView(Likeness):
    """1 / (1 + the least L1 distance to a view); a shape has a row for each view. [Siamese]."""

    name, rank = "nearest_view", 2

    def _between(self, sketches: F32, shapes: F32) -> F32:
        return _by_blocks(_nearest_view, sketches, shapes)

    def _among(self, some: F32, shapes: F32) -> F32:
        """Take the nearest of all pairs of views."""
        found = np.empty((len(some), len(shapes)), np.float32)
        for row, views in zip(found, some, strict=True):
            row[:] = self._between(views, shapes).max(0)
        return found


class Subspace(Likeness):
    """1 - the squared distance of a point of length 1 to a subspace: |Q x|^2. [DPSML].

    A shape is an orthonormal basis Q, its rows.
    """

    name, rank, unit_points = "subspace", 2, True

    def _between(self, sketches: F32, shapes: F32) -> F32:
        return _by_blocks(_inside, sketches, shapes)

    def _among(self, some: F32, shapes: F32) -> F32:
        """Take the mean squared cosine of the principal angles: |Q1 Q2^T|^2 / rows of Q1."""
        found = np.empty((len(some), len(shapes)), np.float32)
        for row, basis in zip(found, some, strict=True):
            row[:] = self._between(basis, shapes).mean(0, dtype=np.float64)
        return found


COSINE = Cosine()
_ALL: dict[str, Likeness] = {one.name: one for one in (COSINE, Euclidean(), NearestView(), Subspace())}
NAMES = tuple(_ALL)


def likeness(name: str) -> Likeness:
    """Give a way of comparing.

    Args:
        name: one of `NAMES`.

    Raises:
        ValueError: there is none of that name.
    """
    if name not in _ALL:
        raise ValueError(f"likeness is {name!r}, expected one of: {', '.join(NAMES)}")
    return _ALL[name]


def _by_blocks(compare: Callable[[F64, F64], F64], items: F32, shapes: F32) -> F32:
    """Compare items (Q, D) with shapes (G, ...) in float64, some shapes at a time: (Q, G) float32."""
    found = np.empty((len(items), len(shapes)), np.float32)
    queries, step = items.astype(np.float64), max(1, BLOCK // max(1, math.prod(shapes.shape[1:])))
    for start in range(0, len(shapes), step):
        part = shapes[start : start + step].astype(np.float64)
        for row, item in zip(found, queries, strict=True):
            row[start : start + step] = compare(item, part)
    return found


# Sums below are einsum's own: those of BLAS depend on how many shapes are in a block.
def _euclidean(sketch: F64, shapes: F64) -> F64:
    off = shapes - sketch
    near: F64 = 1 / (1 + np.sqrt(np.einsum("gd,gd->g", off, off)))
    return near


def _nearest_view(sketch: F64, shapes: F64) -> F64:
    near: F64 = 1 / (1 + np.abs(shapes - sketch).sum(2).min(1))
    return near


def _inside(point: F64, bases: F64) -> F64:
    along = np.einsum("gkd,d->gk", bases, point)
    part: F64 = np.minimum(np.einsum("gk,gk->g", along, along), 1)  # float32 bases are not quite orthonormal
    return part
