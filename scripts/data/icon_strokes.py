"""An icon becomes a drawing: a picture, whose lines are followed. Needs resvg_py."""

from __future__ import annotations

import io

import numpy as np
import resvg_py
from numpy.typing import NDArray
from picture_strokes import BORDER, SIDE, picture_strokes
from PIL import Image

from sketchshape.images import Strokes


def icon_strokes(svg: str) -> Strokes | None:
    """Draw an icon with a pen.

    Args:
        svg: the whole document.

    Returns:
        [[xs, ys], ...] in pixels, or None where nothing or too much would be drawn.
    """
    picture = _picture(svg)
    return picture_strokes(picture) if picture is not None else None


def _picture(svg: str) -> NDArray[np.uint8] | None:
    try:
        data = resvg_py.svg_to_bytes(svg_string=svg, width=SIDE, height=SIDE)
        levels = np.asarray(Image.open(io.BytesIO(bytes(data))).convert("RGBA")).astype(np.float32)
    except ValueError:  # an icon that is no valid SVG
        return None
    opaque = levels[..., 3:] / 255
    white = (levels[..., :3] * opaque + 255 * (1 - opaque)).astype(np.uint8)
    return np.pad(white, ((BORDER, BORDER), (BORDER, BORDER), (0, 0)), constant_values=255)
