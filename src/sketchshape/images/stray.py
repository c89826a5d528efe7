"""Ink that is not of the drawing: dust, and a date or a number far from it."""

from __future__ import annotations

from typing import Any

import numpy as np

from sketchshape.types import F64, U8

INK = 248  # a pixel darker than this is drawn, as `prepare` sees it
NEAR = 0.15  # of the drawing's extent; what is nearer belongs to it
INK_OF = 0.08  # of the drawing's ink that may lie elsewhere and be left out
EXTENT_OF = 0.25  # of the drawing's extent that what is left out may have
LETTER = 0.2  # of the drawing's extent, the most that a letter has
ENDS = 0.35  # of the page's height, from its middle; what is written lies farther out
MOST = 5000  # marks; a picture that has more is no drawing of lines


def without_stray(ink: U8) -> U8:
    """Leave out what lies far from the drawing and is little against it.

    Args:
        ink: (H, W) uint8, 0 = ink, 255 = paper.

    Returns:
        (H, W) uint8, the same array where nothing was left out.
    """
    from scipy.ndimage import find_objects, label

    parts, count = label(ink < INK, np.ones((3, 3)))
    if not 2 <= count <= MOST:
        return ink
    weights: F64 = np.bincount(parts.ravel(), (255.0 - ink).ravel(), minlength=count + 1)[1:].astype(float)
    boxes = np.array([[r.start, c.start, r.stop, c.stop] for r, c in find_objects(parts)], np.float64)
    stray = _stray(boxes, weights, len(ink))
    if not stray.any():
        return ink
    return np.where(np.concatenate([[False], stray])[parts], np.uint8(255), ink)


def _stray(boxes: F64, weights: F64, height: int) -> Any:
    """Say of each mark whether it is stray, from its box (top, left, bottom, right) and its ink."""
    own = _grown(boxes, int(np.argmax(weights)))
    extent, left = _extent(_around(boxes[own])), ~own
    for first in np.flatnonzero(left):
        if left[first]:
            note = _grown(boxes, int(first), ~own)
            part = weights[note].sum() / weights[own].sum()
            box = _around(boxes[note])
            little = part <= INK_OF and _extent(box) <= EXTENT_OF * extent
            written = part <= 1 and _is_written(boxes[note], box, extent, height)
            if not (little or written):
                return np.zeros(len(boxes), bool)
            left &= ~note
    return ~own


def _is_written(marks: F64, box: F64, extent: float, height: int) -> bool:
    """Is this a line of small letters at the upper or lower end of the page?"""
    middle = (box[0] + box[2]) / 2 / height
    small = bool(((marks[:, 2:] - marks[:, :2]).max(1) <= LETTER * extent).all())
    return small and len(marks) > 1 and box[2] - box[0] <= 2 * LETTER * extent and abs(middle - 0.5) > ENDS


def _grown(boxes: F64, first: int, among: Any = True) -> Any:
    """Take a mark with all that are near it, then all that are near these, until there are no more."""
    taken = np.zeros(len(boxes), bool)
    taken[first] = True
    while True:
        box = _around(boxes[taken])
        gaps = np.maximum(np.maximum(boxes[:, :2] - box[2:], box[:2] - boxes[:, 2:]), 0)
        near = (np.hypot(*gaps.T) <= NEAR * _extent(box)) & among
        if not (near & ~taken).any():
            return taken
        taken |= near


def _around(boxes: F64) -> F64:
    around: F64 = np.concatenate([boxes[:, :2].min(0), boxes[:, 2:].max(0)])
    return around


def _extent(box: F64) -> float:
    return float((box[2:] - box[:2]).max())
