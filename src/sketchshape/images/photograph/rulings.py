"""Lines and squares that are printed on paper: straight, pale, many, and all across it."""

from __future__ import annotations

import numpy as np

from sketchshape.types import F32

LENGTH = 1 / 6  # of the side; a ruling is straight over so much
ACROSS = 0.6  # of the side that a ruling crosses
MANY = 5  # rulings; fewer straight lines are drawn ones
LEAST = 0.02  # part of the paper's light that a ruling misses
SLANT = 5  # pixels by which a ruling may rise within its length


def without_rulings(missing: F32) -> F32:
    """Take printed lines away, along and across.

    Args:
        missing: (H, W) float32, 0..1, how much darker than its paper a pixel is.

    Returns:
        (H, W) float32; a pen that crosses a ruling is as much paler as the ruling is dark.
    """
    return np.ascontiguousarray(_along(np.ascontiguousarray(_along(missing).T)).T)


def _along(missing: F32) -> F32:
    from scipy.ndimage import find_objects, label, maximum_filter, minimum_filter

    width = missing.shape[1]
    length = max(3, round(width * LENGTH))
    spread = maximum_filter(missing, (SLANT, 1))
    lines = maximum_filter(minimum_filter(spread, (1, length)), (1, length))
    middle = float(np.median(missing))
    parts, _ = label(lines > middle + LEAST, np.ones((3, 3)))
    places = find_objects(parts)
    whole = [n for n, (_, columns) in enumerate(places, 1) if columns.stop - columns.start > ACROSS * width]
    if len(whole) < MANY:
        return missing
    ruled = np.isin(parts, whole)
    return np.where(ruled, np.maximum(missing - lines, 0), missing).astype(np.float32)
