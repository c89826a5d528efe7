"""Analytic shapes for the tests of the renderer, and the camera written out once more."""

from __future__ import annotations

import numpy as np

from sketchshape.types import Mesh


def sphere(rings: int = 60, segments: int = 120, bumps: float = 0.0, noise: float = 0.0) -> Mesh:
    """A sphere with poles on Y; optionally with waves, and with noise on every coordinate."""
    t = np.linspace(0, np.pi, rings + 1)[:, None]
    p = np.linspace(0, 2 * np.pi, segments, endpoint=False)[None]
    r = 1 + bumps * np.sin(5 * t) * np.cos(3 * p)
    points = np.stack([r * np.sin(t) * np.cos(p), r * np.cos(t) + 0 * p, r * np.sin(t) * np.sin(p)], -1)
    points = points.reshape(-1, 3)
    points += np.random.default_rng(0).normal(0, 1, points.shape) * noise
    i, j = np.meshgrid(np.arange(rings), np.arange(segments), indexing="ij")
    a, b = i * segments + j, i * segments + (j + 1) % segments
    c, d = a + segments, b + segments
    faces = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([b, d, c], -1).reshape(-1, 3)])
    return Mesh(points, faces)


def box(low: tuple[float, float, float] = (-1, -1, -1), high: tuple[float, float, float] = (1, 1, 1)) -> Mesh:
    corners = np.array([[(low, high)[k >> a & 1][a] for a in range(3)] for k in range(8)])
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    return Mesh(corners, np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))]))


def sheet(normal: tuple[float, float, float], cells: int = 1, jitter: float = 0.0) -> Mesh:
    """A square of side 1 around the origin, in cells of two triangles, inner corners moved in the plane."""
    n = np.array(normal) / np.linalg.norm(normal)
    u = np.cross(n, (1.0, 0, 0) if abs(n[0]) < 0.9 else (0, 1.0, 0))
    u /= np.linalg.norm(u)
    v = np.cross(n, u)
    grid = np.stack(np.meshgrid(*2 * [np.linspace(-0.5, 0.5, cells + 1)], indexing="ij"), -1)
    grid[1:-1, 1:-1] += np.random.default_rng(0).uniform(-jitter, jitter, grid[1:-1, 1:-1].shape) / cells
    points = grid.reshape(-1, 2) @ np.array([u, v])
    i, j = (k.ravel() for k in np.meshgrid(np.arange(cells), np.arange(cells), indexing="ij"))
    a = i * (cells + 1) + j
    b, c, d = a + 1, a + cells + 1, a + cells + 2
    return Mesh(points, np.concatenate([np.stack([a, b, c], -1), np.stack([b, d, c], -1)]))


def soup(faces: int, seed: int) -> Mesh:
    points = np.random.default_rng(seed).uniform(-1, 1, (3 * faces, 3))
    return Mesh(points, np.arange(3 * faces).reshape(-1, 3))


def join(*meshes: Mesh) -> Mesh:
    starts = np.cumsum([0, *(len(m.vertices) for m in meshes)])
    return Mesh(
        np.concatenate([m.vertices for m in meshes]),
        np.concatenate([m.faces + s for m, s in zip(meshes, starts, strict=False)]),
    )


def turned(mesh: Mesh, degrees: float) -> Mesh:
    """The mesh turned about Y, from +Z towards +X; quarter turns are exact."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    if degrees % 90 == 0:
        c, s = round(c), round(s)
    x, y, z = mesh.vertices.astype(np.float64).T
    return Mesh(np.stack([c * x + s * z, y, c * z - s * x], -1), mesh.faces)


def flipped(mesh: Mesh, seed: int = 0) -> Mesh:
    """The mesh with the corners of every face in a random order."""
    return Mesh(mesh.vertices, np.random.default_rng(seed).permuted(mesh.faces, axis=1))


def axes(azimuth: float) -> np.ndarray:
    """Right, up and towards the viewer, as rows, of a camera 30 degrees above the horizon."""
    a, e = np.radians(azimuth), np.radians(30)
    back = np.array([np.cos(e) * np.sin(a), np.sin(e), np.cos(e) * np.cos(a)])
    right = np.array([np.cos(a), 0, -np.sin(a)])
    return np.array([right, np.cross(back, right), back])


DISTANCE = 1.02 / np.sin(np.radians(15))
"""Of the camera: the unit sphere and 2 % fit a field of view of 30 degrees."""


def project(points: np.ndarray, azimuth: float, size: int) -> np.ndarray:
    """Pixel coordinates (column, row) of points in the unit sphere; the first pixel is centred on (0, 0)."""
    right, up, back = axes(azimuth) @ np.asarray(points, float).T
    scale = size / 2 / np.tan(np.radians(15)) / (DISTANCE - back)
    return np.stack([size / 2 + scale * right, size / 2 - scale * up], -1) - 0.5
