"""Gray levels of paper with ink on it become black on white, whatever paper, ink and light were."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from PIL import Image

from sketchshape.images.thicken import thicken
from sketchshape.types import F32, I64, U8

MIN_CONTRAST = 20  # of 255, between paper and the darkest ink; below it the picture is blank
FLAT = 0.5  # part of the picture or its border that has one level where a program drew it, not a camera
BLOCKS = 16  # a photograph's paper is measured on this many blocks a side
NOISE = 0.15  # part of a photograph's paper level that is shadow and grain, not ink
HAZE, CORE = 224, 192  # a result lighter than HAZE is ink only within two pixels of one darker than CORE


def black_on_white(levels: U8) -> U8 | None:
    """Find the paper and turn the levels so that paper is 255 and the darkest ink 0.

    Lighter lines on dark paper are inverted. Where the paper has not one level, it is a photograph: its
    uneven light is divided out. Faint specks away from lines, which JPEG files and cameras add, become paper.

    Args:
        levels: (H, W) uint8, 0 = black, 255 = white.

    Returns:
        (H, W) uint8, or None where the picture is blank. A drawing in black on white is not changed.
    """
    whole = _histogram(levels)
    border = _histogram(np.concatenate([levels[0], levels[-1], levels[:, 0], levels[:, -1]]))
    paper = max(_median(whole), _median(border))  # dark paper must be dark in both
    if max(counts[paper] / counts.sum() for counts in (whole, border)) < FLAT:
        levels, paper = _in_even_light(levels), 255
        whole = _histogram(levels)
    elif whole[paper + MIN_CONTRAST + 1 :].sum() > whole[: max(0, paper - MIN_CONTRAST)].sum():
        levels, paper, whole = 255 - levels, 255 - paper, whole[::-1]
    darkest = int(np.flatnonzero(whole)[0])
    if paper - darkest < MIN_CONTRAST:
        return None
    table = np.clip((np.arange(256) - darkest) * (255 / (paper - darkest)), 0, 255)
    return _without_haze(np.rint(table).astype(np.uint8)[levels])


def _histogram(levels: U8) -> I64:
    return np.bincount(levels.ravel(), minlength=256)


def _median(counts: I64) -> int:
    return int(np.searchsorted(counts.cumsum(), counts.sum() / 2))


def _in_even_light(levels: U8) -> U8:
    """Divide by the level of the paper around each pixel; paper becomes 255."""
    middle = _around(levels, 50)
    lighter, darker = middle * (1 + NOISE) + MIN_CONTRAST, middle * (1 - NOISE) - MIN_CONTRAST
    if np.sum(levels > lighter) > np.sum(levels < darker):
        levels = 255 - levels
    part = np.minimum(levels / (np.maximum(_around(levels, 80), 1) * (1 - NOISE)), 1)
    return np.asarray(np.rint(255 * part), np.uint8)


def _around(levels: U8, percentile: float) -> F32:
    """Give the level of the paper at each pixel: a percentile of each block, or of a lighter neighbour."""
    height, width = levels.shape
    rows, columns = (
        [slice(*ends) for ends in pairwise(np.linspace(0, side, min(BLOCKS, side) + 1).astype(int))]
        for side in (height, width)
    )
    blocks = [[np.percentile(levels[r, c], percentile) for c in columns] for r in rows]
    coarse = np.pad(np.asarray(blocks, np.float32), 1, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(coarse, (3, 3))
    smooth = Image.fromarray(windows.max((2, 3)))
    return np.asarray(smooth.resize((width, height), Image.Resampling.BICUBIC))


def _without_haze(ink: U8) -> U8:
    haze = (ink > HAZE) & (thicken(ink, 2) > CORE)
    return np.where(haze, np.uint8(255), ink)
