"""How much darker than the paper around it each pixel is, in the channel where it is most so."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sketchshape.types import F32, U8

REACH = 1 / 14  # of the longer side; what is dark and wider than that is no line but a shadow or a desk
SMALL = 1 / 50  # of the longer side, by which lines are told from the paper between them
SMOOTH = 0.8  # pixels by which grain is blurred before paper is looked for


def dark_on_light(colours: U8) -> U8:
    """Turn each channel so that the pen is darker than its paper: chalk on a board, blue ink on yellow.

    Args:
        colours: (H, W, channels) uint8.

    Returns:
        (H, W, channels) uint8.
    """
    small = max(3, round(max(colours.shape[:2]) * SMALL))
    turned = [255 - one if _is_light(_smooth(one), small) else one for one in np.moveaxis(colours, -1, 0)]
    return np.stack(turned, -1)


def darkness(colours: U8) -> F32:
    """Compare a photograph with its paper.

    The paper at a pixel is what a grey closing leaves there: dark places that are narrow are filled, the
    edge of a shadow or of a desk stays where it is.

    Args:
        colours: (H, W, channels) uint8, a pen darker than its paper.

    Returns:
        (H, W) float32, 0..1: the part of the paper's light that is missing, of the channel that misses most.
    """
    reach = max(3, round(max(colours.shape[:2]) * REACH))
    levels = [_smooth(one) for one in np.moveaxis(colours, -1, 0)]
    return np.asarray(np.max([1 - (one + 1) / (_closed(one, reach) + 1) for one in levels], 0), np.float32)


def _smooth(levels: U8) -> F32:
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(levels.astype(np.float32), SMOOTH), np.float32)


def _closed(levels: F32, reach: int) -> F32:
    from scipy.ndimage import maximum_filter, minimum_filter

    return np.asarray(minimum_filter(maximum_filter(levels, reach), reach), np.float32)


def _is_light(levels: F32, reach: int) -> bool:
    """Are there more narrow light places than narrow dark ones?"""
    dark = _closed(levels, reach) - levels
    light = levels + _closed(-levels, reach)
    return _sum_above_grain(light) > _sum_above_grain(dark)


def _sum_above_grain(values: NDArray[np.float32]) -> float:
    middle = float(np.median(values))
    grain = float(np.median(np.abs(values - middle))) + 0.5
    return float(values[values > middle + 10 * grain].sum())
