"""What is measured of a way up: what a shape rests on, how it is spread over its height, its symmetries."""

from __future__ import annotations

import math

import numpy as np

from sketchshape.compiled import compiled
from sketchshape.mesh import AXES
from sketchshape.types import F64, I64, Mesh
from sketchshape.upright.samples import hull, margin, on_surface

POINTS = 4096
SLICES = 10
STEPS = 8
GRID = 24
CELLS = 24
_HULL_POINTS = 3  # every third point is enough for the outline of a slice


def measures(mesh: Mesh) -> F64:
    """Measure a shape under each of its six ways up.

    A shape that is turned onto another axis gives the same numbers in another order, but for rounding.

    Args:
        mesh: any mesh, as it lies in its file.

    Returns:
        (6, M) float64, the ways in the order of AXES.
    """
    points, normals = on_surface(mesh, POINTS)
    size = np.ptp(mesh.vertices.astype(np.float64), axis=0)
    size = size / max(float(size.max()), 1e-300)
    cells = _cells(points, size)
    mirrored = [_overlap(cells, np.flip(cells, axis)) for axis in range(3)]
    result = []
    for way in AXES.values():
        turn = np.array(way, np.float64)
        order = [int(axis) for axis in np.abs(turn) @ np.arange(3)]
        stood, facing = points @ turn.T, np.abs(normals @ turn.T)
        upright = np.moveaxis(cells, order[1], 0)
        result.append(
            [
                *_proportions(size[order], [mirrored[axis] for axis in order]),
                *(_overlap(upright, np.rot90(upright, turns, (1, 2))) for turns in (1, 2)),
                *_rest(stood, facing, size[order]),
                *_spread(stood, size[order]),
                *_heights(stood, facing, size[order]),
            ]
        )
    return np.array(result, np.float64)


def _proportions(size: F64, mirrored: list[float]) -> list[float]:
    """Height against the other sides, and symmetry of top and bottom against that of the sides."""
    height, narrow, wide = size[1], min(size[0], size[2]), max(size[0], size[2])
    sides = (mirrored[0], mirrored[2])
    ratios = [height, narrow, wide, math.log(height / max(wide, 1e-3) + 0.01)]
    ratios += [math.log(height / max(narrow, 1e-3) + 0.01)]
    gaps = [mirrored[1] - max(sides), mirrored[1] - min(sides)]
    return [*ratios, mirrored[1], max(sides), min(sides), *gaps]


def _rest(stood: F64, facing: F64, size: F64) -> list[float]:
    """What touches the ground and, turned over, the ceiling: how much, how wide, how safe, how flat."""
    ground = stood[:, [0, 2]]
    whole = max(hull(ground)[1], 1e-6)
    centre = ground.mean(axis=0)
    found: list[list[float]] = []
    for away in (stood[:, 1] + size[1] / 2, size[1] / 2 - stood[:, 1]):
        row: list[float] = []
        for near in (0.015, 0.05):
            outline, area = hull(ground[away < near])
            row += [float((away < near).mean()), area / whole, margin(outline, centre) / math.sqrt(whole)]
        flat = (away < 0.05) & (facing[:, 1] > 0.95)
        found.append([*row, float(flat.mean()), hull(ground[flat])[1] / whole])
    bottom, top = found
    level = [
        float((facing[:, 1] > 0.97).mean()),
        float((facing[:, 1] < 0.1).mean()),
        float(facing[:, 1].mean()),
    ]
    boxy = float((facing > 0.98).any(axis=1).mean())
    return [*bottom, *top, *(b - t for b, t in zip(bottom, top, strict=True)), *level, boxy]


def _spread(stood: F64, size: F64) -> list[float]:
    """Slice by slice from the bottom: how much, how wide, how far from the middle."""
    height = np.clip(stood[:, 1] / max(size[1], 1e-6) + 0.5, 0, 1)
    ground = stood[:, [0, 2]]
    whole, centre = max(hull(ground)[1], 1e-6), ground.mean(axis=0)
    slices = np.minimum((height * SLICES).astype(np.int64), SLICES - 1)
    amount = np.bincount(slices, minlength=SLICES) / len(height)
    areas, wide, narrow, far = (np.zeros(SLICES) for _ in range(4))
    for number in range(SLICES):
        part = ground[slices == number]
        if len(part) > 2:
            areas[number] = hull(part)[1] / whole
            sides = np.sort(np.ptp(part, axis=0) / np.maximum(size[[0, 2]], 0.02))
            narrow[number], wide[number] = sides
            far[number] = math.sqrt(((part - centre) ** 2).sum(axis=1).mean() / whole)
    half = SLICES // 2
    tapers = [float(row[:half].mean() - row[half:].mean()) for row in (amount, areas, wide, narrow, far)]
    return [*amount, *areas, *wide, *narrow, *far, *tapers, float(height.mean()), float(np.median(height))]


def _heights(stood: F64, facing: F64, size: F64) -> list[float]:
    """How high what is seen from above lies, and how low what is seen from below."""
    height = np.clip(stood[:, 1] / max(size[1], 1e-6) + 0.5, 0, 1)
    place = [
        np.clip((stood[:, k] / max(size[k], 0.02) + 0.5) * GRID, 0, GRID - 1).astype(np.int64) for k in (0, 2)
    ]
    top, bottom = _maps(place[0] * GRID + place[1], height)
    cell = place[0] * GRID + place[1]
    full = top >= 0
    above, below = top[full], 1 - bottom[full]
    rows: list[float] = []
    for heights, seen in ((above, top[cell] - height < 0.04), (below, height - bottom[cell] < 0.04)):
        steps = np.histogram(heights, STEPS, (0, 1))[0] / len(heights)
        level, slope = facing[:, 1] > 0.9, (facing[:, 1] > 0.3) & (facing[:, 1] <= 0.9)
        rows += [*steps, float(heights.mean()), float(heights.std())]
        rows += [float((seen & level).mean()), float((seen & slope).mean())]
    half = len(rows) // 2
    return [*rows, *(a - b for a, b in zip(rows[:half], rows[half:], strict=True)), float(full.mean())]


@compiled(error_model="numpy")
def _maps(cell: I64, height: F64) -> tuple[F64, F64]:
    top, bottom = np.full(GRID * GRID, -1.0), np.full(GRID * GRID, 2.0)
    for k in range(len(cell)):
        top[cell[k]] = max(top[cell[k]], height[k])
        bottom[cell[k]] = min(bottom[cell[k]], height[k])
    return top, bottom


def _cells(points: F64, size: F64) -> F64:
    """Count points in the cells of a box, a little blurred: (CELLS, CELLS, CELLS) float64."""
    place = np.clip((points / np.maximum(size, 0.02) + 0.5) * CELLS, 0, CELLS - 1).astype(np.int64)
    flat = place @ np.array([CELLS * CELLS, CELLS, 1])
    cells = np.bincount(flat, minlength=CELLS**3).reshape(CELLS, CELLS, CELLS).astype(np.float64)
    for axis in range(3):
        cells = cells + np.roll(cells, 1, axis) + np.roll(cells, -1, axis)
    return cells


def _overlap(cells: F64, others: F64) -> float:
    return float(np.minimum(cells, others).sum() / cells.sum())
