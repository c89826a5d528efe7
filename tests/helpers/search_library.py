"""A small library of mesh files, and encoders that are quick and need no training."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mesh_files import off

from sketchshape.encoders.bundle import Bundle, BundleViews
from sketchshape.images import PREPROCESSING_VERSION
from sketchshape.render import RENDERER_VERSION
from sketchshape.types import F32, U8

SIDE, WIDTH = 16, 8
_CUBE = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
_SIDES = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]


class Projection(Bundle):
    """Encoders that project pictures onto fixed random directions."""

    def embed_sketches(self, pictures: U8) -> F32:
        return _unit((255.0 - pictures.reshape(len(pictures), -1)) @ _directions())

    def embed_views(self, views: U8) -> F32:
        flat = 255.0 - views.reshape(*views.shape[:2], -1)
        return _unit(flat.mean(1) @ _directions())


def projection(hash: str = "first", renderer: int = RENDERER_VERSION) -> Projection:
    centers = np.eye(2, WIDTH, dtype=np.float32)
    views = BundleViews(4, 32, (30.0,))
    return Projection(
        *(Path("none"), SIDE, SIDE, views, PREPROCESSING_VERSION),
        *(renderer, hash, ("box", "long table"), centers),
    )


def box(path: Path, sides: Sequence[float]) -> Path:
    """Write a box of these sides as an OFF file: 12 triangles."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(off(_CUBE * np.asarray(sides), _SIDES))
    return path


def library(root: Path) -> Path:
    """Write six boxes in three folders."""
    for number, name in enumerate(
        ("chairs/OfficeChair", "chairs/stool_2", "tables/low", "tables/old/oak", "a", "b")
    ):
        box(root / f"{name}.off", (1, 1 + 0.7 * number, 2))
    return root


def later(path: Path, seconds: float = 5) -> None:
    """Move the time of a file ahead."""
    state = path.stat()
    os.utime(path, (state.st_atime, state.st_mtime + seconds))


def _directions() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(SIDE * SIDE, WIDTH))


def _unit(rows: np.ndarray) -> F32:
    unit: F32 = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit
