"""From marked samples to anti-aliased lines."""

from __future__ import annotations

from typing import Any

import numpy as np

from sketchshape.compiled import compiled
from sketchshape.render.raster import Box
from sketchshape.types import U8

WEAK, STRONG, OUTLINE = 1, 2, 3
"""Marks: worth a line beside a stronger one; worth a line; worth a line however short."""


@compiled()
def without_specks(ink: U8, least: int) -> Any:
    """Keep connected marks that hold an OUTLINE, or are long and hold a STRONG one.

    Args:
        ink: (H, W) uint8, 0 nothing; WEAK, STRONG or OUTLINE.
        least: samples.

    Returns:
        (H, W) uint8, 0 or 1.
    """
    height, width = ink.shape
    out, seen = np.zeros_like(ink), np.zeros_like(ink)
    stack = np.empty((height * width, 2), np.int32)
    for i in range(height):
        for j in range(width):
            if ink[i, j] == 0 or seen[i, j]:
                continue
            # The stack keeps what it gave out, so that it ends as the list of all connected samples.
            stack[0, 0], stack[0, 1], seen[i, j] = i, j, 1
            done, size, highest = 0, 1, np.uint8(0)
            while done < size:
                row, column = stack[done, 0], stack[done, 1]
                done += 1
                highest = max(highest, ink[row, column])
                for r in range(max(row - 1, 0), min(row + 2, height)):
                    for c in range(max(column - 1, 0), min(column + 2, width)):
                        if ink[r, c] and not seen[r, c]:
                            stack[size, 0], stack[size, 1], seen[r, c] = r, c, 1
                            size += 1
            if highest == OUTLINE or (highest == STRONG and size >= least):
                for k in range(size):
                    out[stack[k, 0], stack[k, 1]] = 1
    return out


@compiled()
def draw_lines(ink: U8, radius: float, box: Box, margin: int, view: U8) -> None:
    """Draw a disc at every mark, on samples, and bring them to pixels by a tent of four samples.

    Args:
        ink: (H, W) uint8, marks of the box with a margin around it.
        radius: of the disc, in samples.
        box: where the ink lies in the picture, in samples (see `rasterise`).
        margin: samples, more than the radius and 3.
        view: (size, size) uint8, drawn into.
    """
    height, width = ink.shape
    wet = np.zeros(ink.shape, np.uint8)
    reach = int(radius)
    for i in range(reach, height - reach):
        for j in range(reach, width - reach):
            if ink[i, j]:
                for di in range(-reach, reach + 1):
                    for dj in range(-reach, reach + 1):
                        if di * di + dj * dj <= radius * radius:
                            wet[i + di, j + dj] = 1
    size = view.shape[0]
    top, left = box[0] - margin, box[2] - margin
    for row in range(max((top + 3) // 2, 0), min((top + height - 3) // 2, size)):
        for column in range(max((left + 3) // 2, 0), min((left + width - 3) // 2, size)):
            total = 0
            for di in range(-1, 3):
                for dj in range(-1, 3):
                    weight = (1 + 2 * (0 <= di < 2)) * (1 + 2 * (0 <= dj < 2))
                    total += weight * wet[2 * row + di - top, 2 * column + dj - left]
            view[row, column] = 255 - (255 * total + 32) // 64
