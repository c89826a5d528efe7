"""The rasteriser: for each sample of the picture, the nearest triangle and its 1/depth.

A sample is one integer, its key: the bits of 1/depth above the number of the face. Positive floats order like
their bits, so drawing is taking the larger key, which does not depend on the order of drawing. Nothing here
depends on the machine either: positions are integers, and `fastmath`, which lets a compiler fuse and reorder
additions differently for each processor, is off.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sketchshape.compiled import compiled
from sketchshape.render.camera import Camera
from sketchshape.types import F32, I32, I64

SAMPLES = 2
"""Samples of a pixel, across and down."""
EMPTY = 0xFFFFFFFF
"""Key of a sample without a face: 1/depth is 0, the face is -1."""
_BITS = 8  # A sample is 2 ** 8 units of position apart from the next.
_LANES = 4  # Rows are drawn in steps of what one vector register holds.

LAYERS = 2_000
"""How often the boxes of all triangles may cover the picture, some tenths of a second of a view. Shapes cover
it some ten times; a million triangles that each fill it would take minutes, whatever comes first."""

Box = tuple[int, int, int, int]


def empty_samples(size: int) -> I64:
    """Make the samples of a picture of `size` pixels; they can be used again for every view.

    Args:
        size: side of the picture in pixels, 16 to 4096.

    Returns:
        (2 size, 2 size + 4) int64; the last columns are room for the last step of a row.

    Raises:
        ValueError: size is out of its range.
    """
    if not 16 <= size <= 4096:
        raise ValueError(f"size is {size}, expected 16 to 4096 pixels")
    return np.empty((size * SAMPLES, size * SAMPLES + _LANES), np.int64)


def rasterise(vertices: F32, faces: I32, camera: Camera, samples: I64) -> Box:
    """Draw triangles, two-sided; of two at exactly one depth the later face is seen.

    A triangle covers the samples inside it and on its edges, so nothing shines through between neighbours.
    Where that is no sample at all, as for a flat shape seen from its side, the edges are drawn.

    Args:
        vertices: (N, 3) float32 within the unit sphere.
        faces: (M, 3) int32, valid indices, each row rising (see `frame`).
        camera: from where.
        samples: (S, S + 4) int64, filled with keys.

    Returns:
        The box that may hold something: first row, end row, first column, end column.

    Raises:
        ValueError: so many triangles are so large that drawing them takes minutes.
    """
    side = samples.shape[0]
    where, nearness, low, high = _project(vertices, np.array(camera, np.float32), side)
    samples.fill(EMPTY)
    points, rest, work = _sorted_by_extent(where, faces)
    _check_work(work, side)
    _fill_points(where, nearness, faces, points, samples)
    _fill_rows(where, nearness, faces, rest, samples)
    if _blank(samples):
        _check_work(10 * _steps(where, faces), side)
        _fill_edges(where, nearness, faces, samples)
    left, top = (max(int(v) >> _BITS, 0) for v in low)
    right, bottom = (min((int(v) >> _BITS) + 2, side) for v in high)
    return top, bottom, left, right


@compiled(error_model="numpy")
def _project(vertices: F32, camera: F32, side: int) -> Any:
    """Turn vertices into integer positions (sample i is at i << _BITS) and 1/depth, with the bounds."""
    cos, sin, rise, level, distance, focal = camera
    unit = np.float32(1 << _BITS)
    middle = np.float32((side - 1) * 0.5) * unit
    length = np.float32(side * 0.5) * unit * focal
    half = np.float32(0.5)
    where = np.empty((len(vertices), 2), np.int32)
    nearness = np.empty(len(vertices), np.float32)
    left = top = np.int32(2**31 - 1)
    right = bottom = np.int32(-(2**31))
    for i in range(len(vertices)):
        across = cos * vertices[i, 0] - sin * vertices[i, 2]
        front = sin * vertices[i, 0] + cos * vertices[i, 2]
        rising = level * vertices[i, 1] - rise * front
        near = np.float32(1) / (distance - (rise * vertices[i, 1] + level * front))
        x = np.int32(np.floor(middle + length * across * near + half))
        y = np.int32(np.floor(middle - length * rising * near + half))
        left, right, top, bottom = min(left, x), max(right, x), min(top, y), max(bottom, y)
        where[i, 0], where[i, 1], nearness[i] = x, y, near
    return where, nearness, (left, top), (right, bottom)


def _check_work(work: int, side: int) -> None:
    if work > LAYERS * side * side:
        raise ValueError(
            f"its triangles cover the picture {work // (side * side):,} times, expected at most {LAYERS:,}: "
            "too many of them are as large as the shape"
        )


@compiled(error_model="numpy")
def _sorted_by_extent(where: I32, faces: I32) -> Any:
    """Find the faces whose box holds one sample, and those with more; most of a fine mesh hold none.

    The samples in the boxes of all faces are counted.

    Without branches: in a fine mesh the processor would guess every other one wrong.
    """
    up = np.int32((1 << _BITS) - 1)
    found = np.empty(len(faces) + 1, np.int32)
    first, last, work = 0, len(faces), np.int64(0)
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        ax, ay, bx, by, cx, cy = where[a, 0], where[a, 1], where[b, 0], where[b, 1], where[c, 0], where[c, 1]
        wide = (max(ax, bx, cx) >> _BITS) - ((min(ax, bx, cx) + up) >> _BITS)
        high = (max(ay, by, cy) >> _BITS) - ((min(ay, by, cy) + up) >> _BITS)
        found[first] = found[last] = f
        first += (wide | high) == 0
        last -= (wide | high) > 0
        work += np.int64(wide + 1) * np.int64(high + 1)
    return found[:first], found[last + 1 :], work


@compiled(error_model="numpy")
def _steps(where: I32, faces: I32) -> int:
    """Count the samples of the sides of all faces."""
    steps = 0
    for f in range(len(faces)):
        for k in range(3):
            a, b = faces[f, k], faces[f, (k + 1) % 3]
            steps += (max(abs(where[b, 0] - where[a, 0]), abs(where[b, 1] - where[a, 1])) >> _BITS) + 2
    return steps


@compiled(error_model="numpy")
def _corners(where: I32, faces: I32, f: int) -> Any:
    a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
    ax, ay = np.int64(where[a, 0]), np.int64(where[a, 1])
    bx, by = np.int64(where[b, 0]), np.int64(where[b, 1])
    cx, cy = np.int64(where[c, 0]), np.int64(where[c, 1])
    return a, b, c, ax, ay, bx, by, cx, cy


@compiled(error_model="numpy")
def _fill_points(where: I32, nearness: F32, faces: I32, which: I32, samples: I64) -> None:
    """Draw faces that can cover one sample only."""
    flat, pitch, up = samples.reshape(-1), samples.shape[1], (1 << _BITS) - 1
    for f in which:
        a, b, c, ax, ay, bx, by, cx, cy = _corners(where, faces, f)
        left, top = (min(ax, bx, cx) + up) >> _BITS, (min(ay, by, cy) + up) >> _BITS
        px, py = left << _BITS, top << _BITS
        in_a = (cx - bx) * (py - by) - (cy - by) * (px - bx)
        in_b = (ax - cx) * (py - cy) - (ay - cy) * (px - cx)
        in_c = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
        area = in_a + in_b + in_c
        outside = (((in_a | in_b | in_c) < 0) & ((-in_a | -in_b | -in_c) < 0)) | (area == 0)
        near = (
            np.float32(in_a) * nearness[a] + np.float32(in_b) * nearness[b] + np.float32(in_c) * nearness[c]
        )
        key = (np.int64(np.float32(near / np.float32(area)).view(np.int32)) << 32) | f
        at = top * pitch + left
        gain = (key | -np.int64(outside)) - flat[at]
        flat[at] += gain & ~(gain >> 63)


@compiled(error_model="numpy")
def _fill_rows(where: I32, nearness: F32, faces: I32, which: I32, samples: I64) -> None:
    """Draw faces row by row over their box."""
    flat, pitch, up = samples.reshape(-1), samples.shape[1], (1 << _BITS) - 1
    ramp = np.arange(pitch).astype(np.float32)
    for f in which:
        a, b, c, ax, ay, bx, by, cx, cy = _corners(where, faces, f)
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area == 0:
            continue
        left, top = (min(ax, bx, cx) + up) >> _BITS, (min(ay, by, cy) + up) >> _BITS
        right, bottom = (max(ax, bx, cx) >> _BITS) + 1, (max(ay, by, cy) >> _BITS) + 1
        px, py = left << _BITS, top << _BITS
        # One edge function for each corner, not negative on the inner side. From sample to sample it changes
        # by a multiple of 2 ** _BITS, so its sign stays exact when the bits below are dropped.
        turn = 1 if area > 0 else -1
        step_a, step_b, step_c = turn * (by - cy), turn * (cy - ay), turn * (ay - by)
        down_a, down_b, down_c = turn * (cx - bx), turn * (ax - cx), turn * (bx - ax)
        row_a = (down_a * (py - by) + step_a * (px - bx)) >> _BITS
        row_b = (down_b * (py - cy) + step_b * (px - cx)) >> _BITS
        row_c = (down_c * (py - ay) + step_c * (px - ax)) >> _BITS
        # 1/depth is linear in the picture. The slope of a sliver is not to be trusted, hence the bounds.
        near_a, near_b, near_c = nearness[a], nearness[b], nearness[c]
        far, near = min(near_a, near_b, near_c), max(near_a, near_b, near_c)
        to_b, to_c, scale = near_b - near_a, near_c - near_a, np.float32(1) / np.float32(area)
        slope_x = (to_b * np.float32(cy - ay) - to_c * np.float32(by - ay)) * scale
        slope_y = (to_c * np.float32(bx - ax) - to_b * np.float32(cx - ax)) * scale
        row_near = near_a + np.float32(px - ax) * slope_x + np.float32(py - ay) * slope_y
        slope_x, slope_y = slope_x * np.float32(1 << _BITS), slope_y * np.float32(1 << _BITS)
        wide = (right - left + _LANES - 1) // _LANES * _LANES
        for y in range(top, bottom):
            row = flat[y * pitch + left : y * pitch + left + wide]
            in_a, in_b, in_c = row_a, row_b, row_c
            for x in range(wide):
                here = np.float32(min(max(row_near + ramp[x] * slope_x, far), near))
                key = (np.int64(here.view(np.int32)) << 32) | f
                # The larger of two keys, as a sum: of anything else the compiler makes masked writes, which
                # are slow on many processors. Outside, the key becomes -1 and loses.
                gain = (key | ((in_a | in_b | in_c) >> 63)) - row[x]
                row[x] += gain & ~(gain >> 63)
                in_a, in_b, in_c = in_a + step_a, in_b + step_b, in_c + step_c
            row_a, row_b, row_c = row_a + down_a, row_b + down_b, row_c + down_c
            row_near += slope_y


@compiled()
def _blank(samples: I64) -> bool:
    for i in range(samples.shape[0]):
        for j in range(samples.shape[1]):
            if samples[i, j] != EMPTY:
                return False
    return True


@compiled(error_model="numpy")
def _fill_edges(where: I32, nearness: F32, faces: I32, samples: I64) -> None:
    """Draw the three sides of every face as lines, one sample thin."""
    last, half = samples.shape[0] - 1, 1 << (_BITS - 1)
    for f in range(len(faces)):
        for k in range(3):
            a, b = faces[f, k], faces[f, (k + 1) % 3]
            ax, ay = np.int64(where[a, 0]), np.int64(where[a, 1])
            dx, dy = where[b, 0] - ax, where[b, 1] - ay
            steps = (max(abs(dx), abs(dy)) >> _BITS) + 1
            slope = (nearness[b] - nearness[a]) / np.float32(steps)
            for s in range(steps + 1):
                x = min(max((ax + dx * s // steps + half) >> _BITS, 0), last)
                y = min(max((ay + dy * s // steps + half) >> _BITS, 0), last)
                near = np.float32(nearness[a] + np.float32(s) * slope)
                samples[y, x] = max(samples[y, x], (np.int64(near.view(np.int32)) << 32) | f)
