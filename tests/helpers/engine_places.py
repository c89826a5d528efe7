"""Vectors for engines, and which engines are tested every time."""

from __future__ import annotations

import numpy as np
import pytest

from sketchshape.engines import Rows
from sketchshape.types import F32

SLOW = ("pgvector", "milvus")
"""Engines that all of these tests would take too long with: one short test each has them every time."""
WIDTH = 24


def engines(names: tuple[str, ...]) -> list[object]:
    """Give the parameters of a test of engines."""
    return [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in names]


def unit_rows(values: np.ndarray) -> F32:
    """Bring rows to length 1."""
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)


def open_rows(count: int, *, network: str = "first", seed: int = 0) -> Rows:
    """Give 2 `count` unit vectors, in a file in which every third row is of no content."""
    file = unit_rows(np.random.default_rng(seed).normal(size=(3 * count + 1, WIDTH)))
    used = np.delete(np.arange(3 * count), np.arange(1, 3 * count, 3))
    return Rows(network, [f"content {seed} {row}" for row in used], used, file)
