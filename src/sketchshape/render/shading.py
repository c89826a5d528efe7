"""Shaded views: grey shapes on white paper, lit from the camera."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sketchshape.compiled import compiled
from sketchshape.render.camera import ELEVATIONS, rings
from sketchshape.render.framing import frame
from sketchshape.render.raster import Box, empty_samples, rasterise
from sketchshape.types import F32, I32, I64, U8, Mesh

EDGE_ON, FACING = 40.0, 220.0
"""Grey of a surface seen edge-on (ambient light alone) and of one that faces the camera; paper is 255."""


def render_views(
    mesh: Mesh, count: int = 12, size: int = 224, elevations: Sequence[float] = ELEVATIONS
) -> U8:
    """Draw a shape from cameras evenly around the up axis, shaded by a light at the camera.

    Args:
        mesh: any mesh; winding and bad faces do not matter.
        count: views of each ring of cameras, at least 1.
        size: side of a view in pixels, 16 to 4096.
        elevations: of the rings, in degrees -90..90.

    Returns:
        (rings * count, size, size) uint8, 0 = ink, 255 = paper; the same bytes on every run and machine.

    Raises:
        ValueError: there is nothing to draw, it takes minutes, or a number is out of its range.
    """
    cameras = rings(count, elevations)
    vertices, faces = frame(mesh)
    normals = face_normals(vertices, faces)
    samples = empty_samples(size)
    views = np.full((len(cameras), size, size), 255, np.uint8)
    for view, camera in zip(views, cameras, strict=True):
        box = rasterise(vertices, faces, camera, samples)
        _shade(samples, normals, np.array(camera, np.float32), box, view)
    return views


@compiled(error_model="numpy")
def face_normals(vertices: F32, faces: I32) -> Any:
    """Unit normals of the faces, (M, 3) float32; zero for a face without area."""
    normals = np.empty((len(faces), 3), np.float32)
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        # In float64: the sides of a small triangle are differences of nearly equal numbers.
        ux = np.float64(vertices[b, 0]) - vertices[a, 0]
        uy = np.float64(vertices[b, 1]) - vertices[a, 1]
        uz = np.float64(vertices[b, 2]) - vertices[a, 2]
        vx = np.float64(vertices[c, 0]) - vertices[a, 0]
        vy = np.float64(vertices[c, 1]) - vertices[a, 1]
        vz = np.float64(vertices[c, 2]) - vertices[a, 2]
        x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        length = np.sqrt((x * x + z * z) + y * y)
        scale = 1.0 / length if length > 0 else 0.0
        normals[f, 0], normals[f, 1], normals[f, 2] = x * scale, y * scale, z * scale
    return normals


@compiled(error_model="numpy")
def _shade(samples: I64, normals: F32, camera: F32, box: Box, view: U8) -> None:
    """Give each pixel the mean grey of its four samples."""
    side = samples.shape[0]
    step = np.float32(2) / (np.float32(side) * camera[5])
    middle = np.float32((side - 1) * 0.5)
    top, bottom, left, right = box
    for row in range(top // 2, (bottom + 1) // 2):
        rising = (middle - np.float32(2 * row)) * step
        for column in range(left // 2, (right + 1) // 2):
            across = (np.float32(2 * column) - middle) * step
            p = np.int32(samples[2 * row, 2 * column])
            q = np.int32(samples[2 * row, 2 * column + 1])
            r = np.int32(samples[2 * row + 1, 2 * column])
            s = np.int32(samples[2 * row + 1, 2 * column + 1])
            if p == q and r == s and p == r:
                half = np.float32(0.5) * step
                grey = _grey(p, normals, camera, across + half, rising - half)
            else:
                upper = _grey(p, normals, camera, across, rising) + _grey(
                    q, normals, camera, across + step, rising
                )
                rising_below = rising - step
                lower = _grey(r, normals, camera, across, rising_below)
                lower += _grey(s, normals, camera, across + step, rising_below)
                grey = (upper + lower) * np.float32(0.25)
            view[row, column] = np.uint8(grey + np.float32(0.5))


@compiled(error_model="numpy")
def _grey(face: Any, normals: F32, camera: F32, across: float, rising: float) -> Any:
    """Grey of a face where the ray (across, rising, -1), in the axes of the camera, meets it."""
    if face < 0:
        return np.float32(255)
    cos, sin, rise, level, _, _ = camera
    nx, ny, nz = normals[face, 0], normals[face, 1], normals[face, 2]
    front = sin * nx + cos * nz
    x, y, z = cos * nx - sin * nz, level * ny - rise * front, rise * ny + level * front
    length = np.sqrt(across * across + rising * rising + np.float32(1))
    return np.float32(EDGE_ON) + np.float32(FACING - EDGE_ON) * abs((x * across + y * rising - z) / length)
