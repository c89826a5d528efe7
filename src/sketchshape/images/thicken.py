"""Ink that spreads: the darkest of the neighbours."""

from __future__ import annotations

import numpy as np

from sketchshape.types import U8


def thicken(gray: U8, reach: int) -> U8:
    """Give each pixel the darkest level of the square around it.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        reach: pixels from the middle of the square to its sides, 0 or more; around the picture is paper.

    Returns:
        (H, W) uint8, a copy; lines are wider by twice `reach`.
    """
    result = gray.copy()
    for axis in (0, 1):
        source = result.copy()
        for shift in range(1, min(reach, gray.shape[axis] - 1) + 1):
            before, after = _ends(axis, slice(None, -shift)), _ends(axis, slice(shift, None))
            np.minimum(result[before], source[after], out=result[before])
            np.minimum(result[after], source[before], out=result[after])
    return result


def _ends(axis: int, part: slice) -> tuple[slice, ...]:
    return (part,) if axis == 0 else (slice(None), part)
