"""How far each pixel is from the nearest of many line segments: the inner loop of drawing."""

from __future__ import annotations

import math

import numpy as np

from sketchshape.compiled import compiled
from sketchshape.types import F64


@compiled()
def distances(lines: F64, ends: F64, size: int, reach: float) -> F64:  # pragma: no cover - compiled
    """Measure the distance of pixel centres to segments.

    Args:
        lines: (n, 2) float64, where segments start, x and y in pixels.
        ends: (n, 2) float64, where they end; at the start for a dot.
        size: side of the picture in pixels.
        reach: pixels; what is farther from every segment may stay infinite.

    Returns:
        (size, size) float64.
    """
    squares = np.full((size, size), np.inf)
    for n in range(len(lines)):
        x0, y0, x1, y1 = lines[n, 0], lines[n, 1], ends[n, 0], ends[n, 1]
        dx, dy = x1 - x0, y1 - y0
        square = dx * dx + dy * dy
        left, right = max(0, math.floor(min(x0, x1) - reach)), min(size, math.ceil(max(x0, x1) + reach))
        top, bottom = max(0, math.floor(min(y0, y1) - reach)), min(size, math.ceil(max(y0, y1) + reach))
        length = math.sqrt(square)
        for row in range(top, bottom):
            y = row + 0.5 - y0
            first, end = left, right
            if abs(dy) * size > length:  # of a steep line only what is within reach of it in this row
                middle, half = x0 + y * dx / dy, reach * length / abs(dy) + 1
                first, end = max(left, math.floor(middle - half)), min(right, math.ceil(middle + half))
            for column in range(first, end):
                x = column + 0.5 - x0
                along = min(1.0, max(0.0, (x * dx + y * dy) / square)) if square > 0 else 0.0
                across, down = x - along * dx, y - along * dy
                squares[row, column] = min(squares[row, column], across * across + down * down)
    result: F64 = np.sqrt(squares)
    return result
