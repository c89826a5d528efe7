"""The rings of cameras around a shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

ELEVATIONS = (30.0,)
"""Degrees by which the cameras of each ring look down: ours, [CGN] section 3.2 has cameras evenly around."""
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


def rings(count: int, elevations: Sequence[float] = ELEVATIONS) -> list[Camera]:
    """Place cameras evenly around +Y; the first looks from +Z, the next ones stand further towards +X.

    Args:
        count: cameras of each ring, at least 1.
        elevations: degrees -90..90 by which those of a ring look down.

    Returns:
        The cameras, ring after ring. Those a quarter turn apart have exactly exchanged sines and cosines.

    Raises:
        ValueError: there is no camera, or an elevation is out of its range.
    """
    if count < 1:
        raise ValueError(f"count is {count}, expected at least 1 view")
    if not elevations or not all(-90 <= elevation <= 90 for elevation in elevations):
        raise ValueError(f"elevations are {list(elevations)}, expected numbers from -90 to 90, such as 30")
    return [camera for elevation in elevations for camera in _ring(count, elevation)]


def _ring(count: int, elevation: float) -> list[Camera]:
    rise, level = math.sin(math.radians(elevation)), math.cos(math.radians(elevation))
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
