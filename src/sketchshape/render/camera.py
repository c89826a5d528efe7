"""The ring of cameras around a shape."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

ELEVATION = 30.0
"""Degrees by which the cameras look down."""
FIELD_OF_VIEW = 30.0
"""Degrees, the same across and down."""
DISTANCE = 1.02 / math.sin(math.radians(FIELD_OF_VIEW / 2))
"""From the camera to the centre: the unit sphere fits, with 2 % to spare for the width of a line."""


class Camera(NamedTuple):
    """One camera; every number is rounded to float32, where the last bits of different maths libraries agree.

    Args:
        cos: of the angle about Y.
        sin: of the angle about Y.
        rise: sine of the elevation.
        level: cosine of the elevation.
        distance: to the centre.
        focal: focal length in units of half the picture.
    """

    cos: float
    sin: float
    rise: float
    level: float
    distance: float
    focal: float


def ring(count: int) -> list[Camera]:
    """Place cameras evenly around +Y; the first looks from +Z, the next ones stand further towards +X.

    Args:
        count: cameras, at least 1.

    Returns:
        The cameras. Those a quarter turn apart have exactly exchanged sines and cosines.

    Raises:
        ValueError: count is less than 1.
    """
    if count < 1:
        raise ValueError(f"count is {count}, expected at least 1 view")
    rise, level = math.sin(math.radians(ELEVATION)), math.cos(math.radians(ELEVATION))
    focal = 1 / math.tan(math.radians(FIELD_OF_VIEW / 2))
    rest = [_single(v) for v in (rise, level, DISTANCE, focal)]
    return [Camera(_cosine(k, count), _cosine(4 * k - count, 4 * count), *rest) for k in range(count)]


def _cosine(step: int, steps: int) -> float:
    """Cosine of a part of a turn, taken from the first eighth so that symmetric angles agree to the bit."""
    step = abs(step) % steps
    step = min(step, steps - step)
    sign = 1.0
    if 4 * step > steps:
        step, steps, sign = steps - 2 * step, 2 * steps, -1.0
    if 8 * step > steps:
        return sign * _single(math.sin(2 * math.pi * (steps - 4 * step) / (4 * steps)))
    return sign * _single(math.cos(2 * math.pi * step / steps))


def _single(value: float) -> float:
    return float(np.float32(value))
