"""What a hand leaves on the paper without drawing: a dot alone, and taps of the palm far from the drawing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.errors import SketchError
from sketchshape.images.strokes import Strokes, to_lines
from sketchshape.types import F64

SMALL = 0.05  # of the drawing's extent; a larger stroke is no tap
FAR = 0.15  # of the drawing's extent, from its bounding box; nearer dots are eyes and buttons
MOST = 4  # taps; so many dots more than that are rain
BLANK = "no ink: nothing is drawn yet; draw a few lines and try again"


def without_taps(strokes: Any, name: str | Path = "drawing") -> Strokes:
    """Leave out a few tiny strokes that lie far from all others.

    Args:
        strokes: one [xs, ys] for each stroke, in any unit.
        name: what errors call the drawing.

    Returns:
        The strokes, those that count.

    Raises:
        SketchError: they are no strokes, or dots alone.
    """
    if _is_empty(strokes):
        raise SketchError(name, BLANK)
    lines = to_lines(strokes, name)
    extents = np.array([_extent(line) for line in lines])
    if extents.max() <= 1e-9:
        raise SketchError(name, BLANK)
    body = np.concatenate(
        [line for line, size in zip(lines, extents, strict=True) if size > SMALL * extents.max()]
    )
    low, high = body.min(0), body.max(0)
    extent = float((high - low).max())
    taps = [
        size <= SMALL * extent and _distance(line, low, high) > FAR * extent
        for line, size in zip(lines, extents, strict=True)
    ]
    few = sum(taps) <= MOST
    return [line.T.tolist() for line, tap in zip(lines, taps, strict=True) if not (tap and few)]


def _is_empty(strokes: Any) -> bool:
    try:
        return not any(len(stroke[0]) for stroke in strokes if len(stroke))
    except (TypeError, LookupError):
        return False


def _extent(line: F64) -> float:
    return float(np.ptp(line, axis=0).max())


def _distance(line: F64, low: F64, high: F64) -> float:
    """Give how far the points of a line are from a box: that of the nearest."""
    outside = np.maximum(np.maximum(low - line, line - high), 0)
    return float(np.hypot(*outside.T).min())
