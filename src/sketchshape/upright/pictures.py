"""The small pictures by which a way up is judged: a shape seen a little from above, on each of its sides."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sketchshape.compiled import compiled
from sketchshape.mesh import AXES
from sketchshape.render.camera import Camera
from sketchshape.render.raster import empty_samples, rasterise
from sketchshape.render.shading import face_normals
from sketchshape.types import F32, F64, I64, U8, Mesh

SIZE = 64
"""Side of a picture in pixels."""
CHANNELS = 4
"""How much a surface faces the camera, how near it is, how much it faces up; and lines between surfaces."""
SIDES = 4
"""Cameras around each way up."""
ELEVATION = 25.0
"""Degrees by which they look down."""
_HALF = math.sqrt(0.5)
_RISE, _LEVEL = math.sin(math.radians(ELEVATION)), math.cos(math.radians(ELEVATION))
_AROUND = ((_HALF, _HALF), (_HALF, -_HALF), (-_HALF, -_HALF), (-_HALF, _HALF))  # sine and cosine
_FAR = 1000.0  # the cameras stand so far off that parallel lines stay parallel
_DEEP = 2.0  # halves of the picture; what reaches farther is pressed flat to this
_CAMERA = Camera(1.0, 0.0, 0.0, 1.0, _FAR, _FAR * 0.94)
_SHARP = np.float32(0.85)  # cosine of the angle between two faces from which on a line is drawn
_JUMP = np.float32(0.06)  # difference of depth, in halves of the picture, from which on a line is drawn


def draw(mesh: Mesh) -> U8:
    """Draw a shape under each of its six ways up, each picture filled by it.

    A shape that is turned onto another axis gives the same pictures in another order.

    Args:
        mesh: any mesh, as it lies in its file.

    Returns:
        (6, SIDES, CHANNELS, SIZE, SIZE) uint8, the ways in the order of AXES; 0 is empty.

    Raises:
        ValueError: the mesh has no faces.
    """
    if not len(mesh.faces):
        raise ValueError("the mesh has no faces, expected one at least")
    faces = np.sort(mesh.faces, axis=1)
    low, high = mesh.vertices.min(axis=0).astype(np.float64), mesh.vertices.max(axis=0).astype(np.float64)
    points = (mesh.vertices - (low + high) / 2) / max(float((high - low).max()), 1e-300)
    normals = face_normals(points.astype(np.float32), faces)
    samples = empty_samples(SIZE)
    pictures = np.zeros((len(AXES), SIDES, CHANNELS, SIZE, SIZE), np.uint8)
    for way, of_way in zip(AXES.values(), pictures, strict=True):
        stood, facing = points @ np.array(way, np.float64).T, normals @ np.array(way, np.float32).T
        for (sin, cos), picture in zip(_AROUND, of_way, strict=True):
            seen = _seen(stood, sin, cos)
            seen, reach = _fitted(seen)
            rasterise(seen.astype(np.float32), faces, _CAMERA, samples)
            toward = _seen(facing.astype(np.float64), sin, cos)[:, 2]
            _paint(samples, toward.astype(np.float32), facing, reach, picture)
    return pictures


def _seen(points: F64, sin: float, cos: float) -> F64:
    """Turn points to the axes of a camera: right, up, and towards it."""
    # Term by term: of a matrix product the last bits would depend on which axis was which.
    front = sin * points[:, 0] + cos * points[:, 2]
    across = cos * points[:, 0] - sin * points[:, 2]
    return np.stack([across, _LEVEL * points[:, 1] - _RISE * front, _RISE * points[:, 1] + _LEVEL * front], 1)


def _fitted(seen: F64) -> tuple[F64, float]:
    """Centre points and scale them to fill the picture; also give how far they reach towards the camera."""
    low, high = seen.min(axis=0), seen.max(axis=0)
    seen = (seen - (low + high) / 2) * (2 / max(float((high - low)[:2].max()), 1e-9))
    reach = max(float(seen[:, 2].max()), 1e-9)
    seen[:, 2] *= min(1.0, _DEEP / reach)
    return seen, min(reach, _DEEP)


@compiled(error_model="numpy")
def _paint(samples: I64, toward: F32, normals: F32, reach: float, picture: U8) -> None:
    """Give each pixel the means of its four samples."""
    side = samples.shape[0]
    for row in range(side // 2):
        for column in range(side // 2):
            shade = near = top = line = np.float32(0)
            for k in range(4):
                y, x = 2 * row + k // 2, 2 * column + k % 2
                face = np.int32(samples[y, x])
                if face < 0:
                    continue
                shade += np.float32(55) + np.float32(200) * abs(toward[face])
                depth = _depth(samples[y, x])
                near += np.float32(155) + np.float32(100) * depth / np.float32(reach)
                rising = normals[face, 1] if toward[face] >= 0 else -normals[face, 1]
                top += np.float32(130) + np.float32(125) * rising
                line += np.float32(255) * _edge(samples, normals, y, x, face, depth)
            picture[0, row, column] = np.uint8(shade * np.float32(0.25))
            picture[1, row, column] = np.uint8(max(np.float32(0), near * np.float32(0.25)))
            picture[2, row, column] = np.uint8(top * np.float32(0.25))
            picture[3, row, column] = np.uint8(line * np.float32(0.25))


@compiled(error_model="numpy")
def _depth(key: Any) -> Any:
    """How near a sample is, in halves of the picture from the middle."""
    return np.float32(_FAR) - np.float32(1) / np.int32(key >> 32).view(np.float32)


@compiled(error_model="numpy")
def _edge(samples: I64, normals: F32, y: int, x: int, face: Any, depth: Any) -> bool:
    """Whether a line of the shape passes between a sample and one of its neighbours."""
    side = samples.shape[0]
    for k in range(4):
        v, u = y + (k == 0) - (k == 1), x + (k == 2) - (k == 3)
        if v < 0 or u < 0 or v >= side or u >= side:
            return True
        other = np.int32(samples[v, u])
        if other < 0:
            return True
        if other == face:
            continue
        alike = np.float32(0)
        for c in range(3):
            alike += normals[face, c] * normals[other, c]
        if abs(alike) < _SHARP or depth - _depth(samples[v, u]) > _JUMP:
            return True
    return False
