"""Drawings that are kept as strokes: what they are made of, and how they become pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from sketchshape.errors import SketchError
from sketchshape.types import F64, U8

Strokes: TypeAlias = list[list[list[float]]]  # [[xs, ys], ...]; a third list, the times, is left out

MARGIN = 3 / 64  # of the side: with 256 pixels and a line of 3.2 the ink stays 10 pixels off the border
MAX_POINTS = 100_000


def draw_strokes(strokes: Any, size: int = 256, width: float = 3.2) -> U8:
    """Draw strokes as anti-aliased lines with round joins and caps, as large as fits.

    The darkness of a pixel is how far its centre lies inside the nearest line; one point alone is a dot.

    Args:
        strokes: one [xs, ys] or [xs, ys, times] for each stroke, in any unit, y down.
        size: side of the picture in pixels, 16 or more.
        width: of the line in pixels, above 0.

    Returns:
        (size, size) uint8, 0 = ink, 255 = paper.

    Raises:
        SketchError: the strokes are not lists of numbers, or have no point or more than `MAX_POINTS`.
        ValueError: `size` or `width` is out of its range.
    """
    if size < 16 or not 0 < width <= size:
        raise ValueError(f"size {size} and width {width}, expected size >= 16 and 0 < width <= size")
    from sketchshape.images.segments import distances  # compiled; whoever searches by picture goes without

    lines = _fit(to_lines(strokes, "strokes"), size)
    starts = np.concatenate([line[:-1] if len(line) > 1 else line for line in lines])
    ends = np.concatenate([line[1:] if len(line) > 1 else line for line in lines])
    distance = distances(starts, ends, size, width / 2 + 1)
    coverage = np.clip(width / 2 + 0.5 - distance, 0, 1) * min(1.0, width)
    return np.rint(255 * (1 - coverage)).astype(np.uint8)


def to_lines(strokes: Any, path: str | Path, line: int | None = None) -> list[F64]:
    """Check strokes and give the points of each.

    Args:
        strokes: one [xs, ys] or [xs, ys, times] for each stroke.
        path: what errors call the drawing.
        line: 1-based line of the file that errors name.

    Returns:
        (n, 2) float64 for each stroke that has a point.

    Raises:
        SketchError: they are no such lists, or have no point or more than `MAX_POINTS`.
    """
    if not isinstance(strokes, list | tuple):
        raise SketchError(path, f"is a {type(strokes).__name__}, expected strokes [[xs, ys], ...]", line=line)
    total = max(len(strokes), _points(strokes))
    if total > MAX_POINTS:
        raise SketchError(path, f"{total} points, expected at most {MAX_POINTS}: simplify it", line=line)
    checked = [_stroke(stroke, f"stroke {n}", path, line) for n, stroke in enumerate(strokes, 1)]
    if not any(map(len, checked)):
        raise SketchError(path, "no ink: the drawing has no point", line=line)
    return [points for points in checked if len(points)]


def _points(strokes: Any) -> int:
    """How many points there are, without a look at any of them."""
    lists = (list, tuple, np.ndarray)
    return sum(
        len(stroke[0])
        for stroke in strokes
        if isinstance(stroke, lists) and len(stroke) and isinstance(stroke[0], lists)
    )


def _are_numbers(values: Any) -> bool:
    """Whether a list has numbers only; of words NumPy would make an array as wide as the longest of them."""
    if isinstance(values, np.ndarray):
        return values.dtype.kind in "iuf"
    kinds = set(map(type, values))
    if any(issubclass(kind, (list, tuple, dict, np.ndarray)) for kind in kinds):
        raise TypeError("lists in a list of numbers")
    return all(issubclass(kind, (int, float, np.number)) and kind is not bool for kind in kinds)


def _stroke(stroke: Any, name: str, path: str | Path, line: int | None) -> F64:
    try:
        fits = len(stroke) in (2, 3) and len(stroke[0]) == len(stroke[1])
        numbers = fits and all(_are_numbers(stroke[axis]) for axis in (0, 1))
        xs, ys = (np.asarray(stroke[axis] if numbers else [], np.float64) for axis in (0, 1))
        fits = fits and xs.ndim == ys.ndim == 1
    except OverflowError:  # of whole numbers
        numbers, fits = False, True
    except (TypeError, ValueError, IndexError, KeyError):
        fits = False
    if not fits:
        raise SketchError(path, f"{name} is not [xs, ys] with two lists of one length", line=line)
    if not numbers:
        raise SketchError(path, f"{name} has a coordinate that is not a number", line=line)
    points = np.stack([xs, ys], 1)
    if not (np.abs(points) < 1e9).all():
        raise SketchError(path, f"{name} has a coordinate that is not finite or above 1e9", line=line)
    return points


def _fit(lines: list[F64], size: int) -> list[F64]:
    """Scale and move all points so that their bounding box fills the picture less its margin."""
    points = np.concatenate(lines)
    low, high = points.min(0), points.max(0)
    extent = float((high - low).max())
    scale = size * (1 - 2 * MARGIN) / extent if extent > 1e-9 else 1.0
    return [(line - (low + high) / 2) * scale + size / 2 for line in lines]
