"""Gray levels of paper with ink on it become black on white, whatever paper, ink and light were."""

from __future__ import annotations

import numpy as np

from sketchshape.images.thicken import thicken
from sketchshape.types import I64, U8

MIN_CONTRAST = 20  # of 255, between paper and the darkest ink; below it the picture is blank
FLAT = 0.5  # part of the picture or its border that has one level where a program drew it, not a camera
FRAMED = 0.2  # part of the border that is darker than the paper where a sheet lies on a desk or under a lid
LIGHTER, SHEET = 4, 0.08  # levels by which a sheet is lighter than a desk, and its least part of the picture
COLOUR = 3.0  # ink that is so much farther from the paper in colour than in luminance is seen in colour
INKED = 0.999  # part of a picture that may be paper
HAZE, CORE = 224, 192  # a result lighter than HAZE is ink only within two pixels of one darker than CORE


def black_on_white(levels: U8) -> U8 | None:
    """Find the paper and turn the levels so that paper is 255 and the darkest ink 0.

    Lighter lines on dark paper are inverted. Faint specks away from lines, which JPEG files add, become
    paper.

    Args:
        levels: (H, W) uint8, 0 = black, 255 = white.

    Returns:
        (H, W) uint8, or None where the picture is blank. A drawing in black on white is not changed.
    """
    whole, border = _histogram(levels), _histogram(_border(levels))
    paper = max(_median(whole), _median(border))  # dark paper must be dark in both
    if whole[paper + MIN_CONTRAST + 1 :].sum() > whole[: max(0, paper - MIN_CONTRAST)].sum():
        levels, paper, whole = 255 - levels, 255 - paper, whole[::-1]
    darkest = int(np.flatnonzero(whole)[0])
    if paper - darkest < MIN_CONTRAST:
        return None
    table = np.clip((np.arange(256) - darkest) * (255 / (paper - darkest)), 0, 255)
    return _without_haze(np.rint(table).astype(np.uint8)[levels])


def is_photograph(levels: U8) -> bool:
    """Tell the picture of a camera or a scanner from what a program drew: its paper has not one level.

    Args:
        levels: (H, W) uint8, 0 = black, 255 = white.
    """
    whole, border = _histogram(levels), _histogram(_border(levels))
    paper = max(_median(whole), _median(border))
    return bool(max(counts[paper] / counts.sum() for counts in (whole, border)) < FLAT)


def is_framed(levels: U8) -> bool:
    """Is something darker around the paper, as a desk or the lid of a scanner is?

    Args:
        levels: (H, W) uint8, 0 = black, 255 = white.
    """
    border = _border(levels)
    paper = max(_median(_histogram(levels)), _median(_histogram(border)))
    return bool(np.mean(border < paper - MIN_CONTRAST) > FRAMED)


def is_around(levels: U8) -> bool:
    """Is a good part of the picture lighter than its border, as a sheet on a desk of one level is?

    Args:
        levels: (H, W) uint8, 0 = black, 255 = white.
    """
    border = _median(_histogram(_border(levels)))
    return bool(np.mean(levels > border + LIGHTER) > SHEET)


def touches_border(ink: U8) -> bool:
    """Is there ink at the very border of a picture?"""
    return bool(_border(ink).min() < 255)


def from_colours(colours: U8, levels: U8) -> U8 | None:
    """Give the difference from the paper's colour, where that tells far more than the gray levels.

    Args:
        colours: (H, W, 3) uint8.
        levels: (H, W) uint8, their gray levels.

    Returns:
        (H, W) uint8, 255 = paper; None where the gray levels tell as much.
    """
    apart = np.abs(colours.astype(np.int16) - np.median(colours, (0, 1)).astype(np.int16)).max(-1)
    darker = np.abs(levels.astype(np.int16) - int(np.median(levels)))
    far, dark = (float(np.quantile(one, INKED)) for one in (apart, darker))
    return (255 - apart).astype(np.uint8) if far > COLOUR * dark + MIN_CONTRAST else None


def _border(levels: U8) -> U8:
    return np.concatenate([levels[0], levels[-1], levels[:, 0], levels[:, -1]])


def _histogram(levels: U8) -> I64:
    return np.bincount(levels.ravel(), minlength=256)


def _median(counts: I64) -> int:
    return int(np.searchsorted(counts.cumsum(), counts.sum() / 2))


def _without_haze(ink: U8) -> U8:
    haze = (ink > HAZE) & (thicken(ink, 2) > CORE)
    return np.where(haze, np.uint8(255), ink)
