"""Small pictures of shapes: clay on transparent paper, so that they suit a light and a dark page."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from sketchshape.types import F32, U8

PAPER = 255
SHADE, LIGHT = (98, 96, 110), (238, 230, 219)  # of a surface seen edge-on, and of one that faces the camera
LEVELS = (90, 220)  # the greys of a view that become these


def to_thumbnail(view: U8, size: int | None = None) -> bytes:
    """Turn a shaded view into a PNG with transparency.

    A pixel on the outline is a mix of shape and paper. It takes the darkest level beside it for its own and
    becomes that transparent; a pixel inside stays as it is.

    Args:
        view: (S, S) uint8, 255 = paper.
        size: side of the picture in pixels; None keeps that of the view.

    Returns:
        The bytes of an RGBA PNG.
    """
    levels = view.astype(np.float32)
    outline = _around(view).max((2, 3)) == PAPER
    own = np.where(outline, np.minimum(_around(view).min((2, 3)), LEVELS[1]), levels)
    alpha = np.where(outline, np.clip((PAPER - levels) / (PAPER - own), 0, 1), 1)
    picture = Image.fromarray(np.dstack([_clay(own), np.rint(alpha * 255).astype(np.uint8)]))
    if size is not None and size != view.shape[0]:
        picture = picture.resize((size, size), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    picture.save(stream, "PNG", compress_level=3)
    return stream.getvalue()


def _clay(levels: F32) -> U8:
    low, high = LEVELS
    part = np.clip((levels - low) / (high - low), 0, 1)[..., None]
    return np.rint(np.array(SHADE) * (1 - part) + np.array(LIGHT) * part).astype(np.uint8)


def _around(view: U8) -> F32:
    """Each pixel with its eight neighbours: (S, S, 3, 3)."""
    padded = np.pad(view, 1, mode="edge").astype(np.float32)
    return np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
