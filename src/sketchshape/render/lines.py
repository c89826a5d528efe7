"""Line drawings of shapes, as a person with a pen would draw them.

Lines are found in the picture, not on the mesh: where the depth jumps, where the surface has an edge, and
where it almost turns away from the viewer, as in suggestive contours (DeCarlo et al. 2003). Meshes of
collections have faces turned around, doubled and apart, which edge lists do not survive and a picture does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sketchshape.compiled import compiled
from sketchshape.render.camera import ELEVATIONS, rings
from sketchshape.render.contours import mark_contours, mark_creases, mark_valleys
from sketchshape.render.framing import frame
from sketchshape.render.raster import Box, empty_samples, rasterise
from sketchshape.render.shading import face_normals
from sketchshape.render.strokes import draw_lines, without_specks
from sketchshape.types import F32, I64, U8, Mesh

# Lengths in samples of a picture of 224 pixels, chosen by eye on noisy scans, furniture and animals.
EDGE, BEND = 3, 7
"""How far apart the two sides of an edge, and of a valley, are compared."""
CLEAR = 4
"""Edges keep this far from contours, and valleys from both: a pen does not draw one line twice."""
SPECK = 26
"""Inner lines of fewer samples are left out."""
RADIUS = 1.5
"""Of the pen."""


def render_lines(
    mesh: Mesh, count: int = 12, size: int = 224, elevations: Sequence[float] = ELEVATIONS
) -> U8:
    """Draw the outlines, edges and suggestive contours of a shape, from the cameras of `render_views`.

    Args:
        mesh: any mesh; winding and bad faces do not matter.
        count: views of each ring of cameras, at least 1.
        size: side of a view in pixels, 16 to 4096.
        elevations: of the rings, in degrees -90..90.

    Returns:
        (rings * count, size, size) uint8, 0 = ink, 255 = paper, lines about 1/112 of the picture wide; the
        same bytes on every run and machine.

    Raises:
        ValueError: there is nothing to draw, it takes minutes, or a number is out of its range.
    """
    cameras = rings(count, elevations)
    vertices, faces = frame(mesh)
    normals = face_normals(vertices, faces)
    samples = empty_samples(size)
    views = np.full((len(cameras), size, size), 255, np.uint8)
    scale = size / 224
    edge, bend, clear, speck = (max(round(length * scale), 1) for length in (EDGE, BEND, CLEAR, SPECK))
    margin = 2 * bend + 4
    for view, camera in zip(views, cameras, strict=True):
        box = rasterise(vertices, faces, camera, samples)
        nearness, normal, facing = _surface(samples, normals, np.array(camera, np.float32), box, margin)
        ink = mark_contours(nearness)
        mark_creases(_smooth(normal, edge), edge, _grown(ink, clear), ink)
        mark_valleys(_smooth(facing[None], bend)[0], bend, _grown(ink, clear), ink)
        draw_lines(without_specks(ink, speck), RADIUS * scale, box, margin, view)
    return views


@compiled(error_model="numpy")
def _surface(samples: I64, normals: F32, camera: F32, box: Box, margin: int) -> Any:
    """Take the box out of the samples, with a margin around it.

    Returns:
        1/depth, 0 where nothing is; the unit normal on the side of the viewer (3, H, W), in the axes of the
        camera; and the cosine between it and the ray.
    """
    cos, sin, rise, level, _, focal = camera
    top, bottom, left, right = box
    side = samples.shape[0]
    step, middle = np.float32(2) / (np.float32(side) * focal), np.float32((side - 1) * 0.5)
    shape = (bottom - top + 2 * margin, right - left + 2 * margin)
    nearness, facing = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    normal = np.zeros((3, *shape), np.float32)
    for i in range(top, bottom):
        for j in range(left, right):
            face = np.int32(samples[i, j])
            if face < 0:
                continue
            nx, ny, nz = normals[face, 0], normals[face, 1], normals[face, 2]
            front = sin * nx + cos * nz
            x, y, z = cos * nx - sin * nz, level * ny - rise * front, rise * ny + level * front
            across, rising = (np.float32(j) - middle) * step, (middle - np.float32(i)) * step
            length = np.sqrt(across * across + rising * rising + np.float32(1))
            cosine = (z - x * across - y * rising) / length
            turn = np.float32(1) if cosine >= 0 else np.float32(-1)
            row, column = i - top + margin, j - left + margin
            nearness[row, column] = np.int32(samples[i, j] >> 32).view(np.float32)
            normal[0, row, column], normal[1, row, column] = x * turn, y * turn
            normal[2, row, column] = z * turn
            facing[row, column] = cosine * turn
    return nearness, normal, facing


@compiled()
def _grown(ink: U8, reach: int) -> Any:
    """Everything within `reach` of ink, in a square."""
    height, width = ink.shape
    rows, grown = np.zeros(ink.shape, np.uint8), np.zeros(ink.shape, np.uint8)
    for i in range(height):
        for j in range(width):
            if ink[i, j]:
                rows[i, max(j - reach, 0) : j + reach + 1] = 1
    for i in range(height):
        for k in range(max(i - reach, 0), min(i + reach + 1, height)):
            for j in range(width):
                grown[i, j] |= rows[k, j]
    return grown


def _smooth(layers: F32, reach: int) -> F32:
    """Blur (C, H, W) layers, up to `reach` samples far or one more: a box, twice."""
    half = (reach + 1) // 2
    return np.stack([_box_mean(_box_mean(layer, half), half) for layer in layers])


@compiled(error_model="numpy")
def _box_mean(layer: F32, half: int) -> Any:
    height, width = layer.shape
    out, column = np.zeros_like(layer), np.empty(width, np.float32)
    weight = np.float32(1) / np.float32((2 * half + 1) ** 2)
    for i in range(half, height - half):
        for j in range(width):
            column[j] = 0
        for k in range(2 * half + 1):
            for j in range(width):
                column[j] += layer[i - half + k, j]
        for k in range(2 * half + 1):
            for j in range(width - 2 * half):
                out[i, j + half] += column[j + k]
        for j in range(width):
            out[i, j] *= weight
    return out
