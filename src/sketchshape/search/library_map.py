"""A library as a map: what looks alike lies together."""

from __future__ import annotations

import numpy as np

from sketchshape.types import F32


def principal_plane(vectors: F32) -> F32:
    """Lay vectors onto the plane in which they differ most (principal component analysis).

    Args:
        vectors: (n, D) float32.

    Returns:
        (n, 2) float32 in 0..1, each axis from the least to the largest; 0.5 where all are equal.
    """
    if len(vectors) < 2:
        return np.full((len(vectors), 2), 0.5, np.float32)
    centred = vectors - vectors.mean(0, dtype=np.float64).astype(np.float32)
    _, axes = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    plane = axes[:, [-1, -2]].astype(np.float32)
    plane *= np.sign(plane[np.abs(plane).argmax(0), [0, 1]])  # or the map could turn over with the library
    points = centred @ plane
    low, extent = points.min(0), np.ptp(points, axis=0)
    flat = extent <= 1e-9
    return np.where(flat, 0.5, (points - low) / np.where(flat, 1, extent)).astype(np.float32)
