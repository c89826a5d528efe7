"""The one way in which a picture, view or sketch, gets its final form before a network sees it."""

from __future__ import annotations

import numpy as np
from PIL import Image

from sketchshape.types import U8

PREPROCESSING_VERSION = 1
MARGIN = 1 / 16  # white border on each side, as a part of the final side
INK = 248  # a pixel darker than this is drawn; paper of compressed pictures stays above


def prepare(gray: U8, size: int) -> U8:
    """Crop a picture to its ink, centre it on a white square and resize it with anti-aliasing.

    The darkest ink stays as dark as it was, so a thin line of a large picture does not fade away.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        size: side of the result in pixels, 8 or more.

    Returns:
        (size, size) uint8; the longer side of the ink spans `size` less the two margins.

    Raises:
        ValueError: the array is not (H, W) uint8, `size` is too small, or no pixel is ink.
    """
    if gray.ndim != 2 or gray.dtype != np.uint8:
        raise ValueError(f"a picture is {gray.dtype} {gray.shape}, expected uint8 (H, W)")
    if size < 8:
        raise ValueError(f"size is {size}, expected 8 pixels or more")
    ink = crop(gray)
    inner = size - 2 * max(1, round(size * MARGIN))
    height, width = (max(1, round(side * inner / max(ink.shape))) for side in ink.shape)
    # Pillow's bilinear filter is a triangle as wide as a source or a target pixel, whichever is larger.
    small = np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.BILINEAR))
    square = np.full((size, size), 255, np.uint8)
    top, left = (size - height) // 2, (size - width) // 2
    square[top : top + height, left : left + width] = _as_dark_as(small, int(ink.min()))
    return square


def prepare_views(views: U8, size: int) -> U8:
    """Prepare the views of a shape; one without ink, a flat shape seen edge-on, stays blank.

    Args:
        views: (n, H, W) uint8, 0 = ink, 255 = paper.
        size: side of the result in pixels, 8 or more.

    Returns:
        (n, size, size) uint8.

    Raises:
        ValueError: the views are not (n, H, W) uint8, or `size` is too small.
    """
    blank = np.full((size, size), 255, np.uint8)
    return np.stack([prepare(view, size) if (view < INK).any() else blank for view in views])


def crop(gray: U8) -> U8:
    """Cut a picture to the bounding box of its ink.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.

    Returns:
        A part of `gray`, not copied.

    Raises:
        ValueError: no pixel is ink.
    """
    drawn = gray < INK
    rows, columns = np.flatnonzero(drawn.any(1)), np.flatnonzero(drawn.any(0))
    if not len(rows):
        raise ValueError(f"no ink: no pixel is darker than {INK}, expected a drawing on white")
    return gray[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _as_dark_as(gray: U8, darkest: int) -> U8:
    present = int(gray.min())
    if present <= darkest:
        return gray
    levels = np.arange(256)
    table = 255 - (255 - levels) * (255 - darkest) / (255 - present) if present < 255 else levels
    return np.clip(np.rint(table), 0, 255).astype(np.uint8)[gray]
