"""Where a line belongs: marks on samples for contours, edges and valleys of the shading."""

from __future__ import annotations

from typing import Any

import numpy as np

from sketchshape.compiled import compiled
from sketchshape.render.strokes import OUTLINE, STRONG, WEAK
from sketchshape.types import F32, U8

JUMP = 0.025
"""Smallest jump of depth that gets a line, in radii of the shape."""
CREASE = (25.0, 45.0)
"""Angles of an edge in degrees: that continues a line (WEAK), that is one (STRONG)."""
VALLEY = (0.05, 0.12)
"""Depths of a valley: that continues a line (WEAK), that is one (STRONG)."""


@compiled(error_model="numpy")
def mark_contours(near: F32) -> Any:
    """Mark the nearer of two neighbours between which the shape ends (OUTLINE) or its depth jumps (STRONG).

    Args:
        near: (H, W) float32, 1/depth, 0 where nothing is.

    Returns:
        (H, W) uint8.
    """
    height, width = near.shape
    ink, jump = np.zeros(near.shape, np.uint8), np.float32(JUMP)
    for i in range(2, height - 2):
        for j in range(2, width - 2):
            a = near[i, j]
            for k in range(2):
                di, dj = k, 1 - k
                b = near[i + di, j + dj]
                if a == b:
                    continue
                before, after = near[i - di, j - dj], near[i + 2 * di, j + 2 * dj]
                if a == 0 or b == 0:
                    ink[i + di * (a == 0), j + dj * (a == 0)] = OUTLINE
                    continue
                # 1/depth is linear on planes: a jump is what no plane on either side explains.
                slope_a = a - before if before > 0 else np.float32(0)
                slope_b = after - b if after > 0 else np.float32(0)
                gap = min(abs(b - a - slope_a), abs(b - a - slope_b))
                if gap > jump * a * b + min(abs(slope_a), abs(slope_b)):
                    row, column = i + di * (b > a), j + dj * (b > a)
                    ink[row, column] = max(ink[row, column], np.uint8(STRONG))
    return ink


@compiled(error_model="numpy")
def mark_creases(normal: F32, reach: int, covered: U8, ink: U8) -> None:
    """Mark edges: the normal turns a lot within `reach`, and not much more beyond, as on a curved surface.

    Args:
        normal: (3, H, W) float32, smooth, on the side of the viewer; any length.
        reach: samples.
        covered: (H, W) uint8, where nothing is to be marked.
        ink: (H, W) uint8, marked.
    """
    height, width = ink.shape
    turn = np.zeros((4, height, width), np.float32)
    least = np.float32(1 - np.cos(np.pi * CREASE[0] / 180))
    start = np.float32(1 - np.cos(np.pi * CREASE[1] / 180))
    far = 2 * reach
    for i in range(far + 1, height - far - 1):
        for j in range(far + 1, width - far - 1):
            if covered[i, j] or normal[2, i, j] == 0:
                continue
            for k in range(4):
                di, dj = _direction(k)
                t = _turn(normal, i, j, di * reach, dj * reach)
                if t > least and t > np.float32(0.5) * _turn(normal, i, j, di * far, dj * far):
                    turn[k, i, j] = t
    _mark_tops(turn, 1, start, ink)


@compiled(error_model="numpy")
def _turn(normal: F32, i: int, j: int, di: int, dj: int) -> Any:
    """1 - cosine of the angle between the normals on both sides."""
    ax, ay, az = normal[0, i - di, j - dj], normal[1, i - di, j - dj], normal[2, i - di, j - dj]
    bx, by, bz = normal[0, i + di, j + dj], normal[1, i + di, j + dj], normal[2, i + di, j + dj]
    lengths = (ax * ax + ay * ay + az * az) * (bx * bx + by * by + bz * bz)
    if lengths < np.float32(1e-4):
        return np.float32(0)
    return np.float32(1) - (ax * bx + ay * by + az * bz) / np.sqrt(lengths)


@compiled(error_model="numpy")
def mark_valleys(facing: F32, reach: int, covered: U8, ink: U8) -> None:
    """Mark valleys of the cosine between surface and viewer.

    Args:
        facing: (H, W) float32, smooth.
        reach: samples to both sides.
        covered: (H, W) uint8, where nothing is to be marked.
        ink: (H, W) uint8, marked.
    """
    height, width = ink.shape
    depth = np.zeros((4, height, width), np.float32)
    least = np.float32(VALLEY[0])
    for i in range(reach + 1, height - reach - 1):
        for j in range(reach + 1, width - reach - 1):
            here = facing[i, j]
            if covered[i, j] or here == 0:
                continue
            for k in range(4):
                di, dj = _direction(k)
                rise = (
                    min(facing[i + di * reach, j + dj * reach], facing[i - di * reach, j - dj * reach]) - here
                )
                if rise > least:
                    depth[k, i, j] = rise
    _mark_tops(depth, 2, np.float32(VALLEY[1]), ink)


@compiled()
def _direction(k: int) -> Any:
    return ((0, 1), (1, 0), (1, 1), (1, -1))[k]


@compiled()
def _mark_tops(strength: F32, reach: int, start: Any, ink: U8) -> None:
    """Mark where the strongest of four directions is as strong as anything beside it in that direction."""
    _, height, width = strength.shape
    for i in range(reach, height - reach):
        for j in range(reach, width - reach):
            best, which = np.float32(0), 0
            for k in range(4):
                if strength[k, i, j] > best:
                    best, which = strength[k, i, j], k
            if best == 0:
                continue
            di, dj = _direction(which)
            top = True
            for d in range(1, reach + 1):
                top &= best >= strength[which, i + d * di, j + d * dj]
                top &= best > strength[which, i - d * di, j - d * dj]
            if top:
                ink[i, j] = max(ink[i, j], np.uint8(STRONG if best > start else WEAK))
