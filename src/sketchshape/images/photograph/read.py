"""A photograph of a drawing as black ink on white paper."""

from __future__ import annotations

import numpy as np
from PIL import Image

from sketchshape.images.photograph.darkness import dark_on_light, darkness
from sketchshape.images.photograph.marks import find_marks
from sketchshape.images.photograph.rulings import without_rulings
from sketchshape.images.photograph.sheet import find_sheet
from sketchshape.types import U8

MAX_SIDE = 1024  # larger photographs are reduced: their grain becomes less, and no network sees more
PEN = 0.8  # of the pixels of marks, from the lightest; darker ones become black


def photographed_ink(picture: Image.Image, on_desk: bool = False) -> U8 | None:
    """Find the ink of a photograph or a scan.

    Args:
        picture: in gray or RGB, upright.
        on_desk: look on a sheet that lies on a desk, and nowhere else.

    Returns:
        (H, W) uint8, 0 = ink, 255 = paper; None where nothing is drawn.
    """
    small = picture.reduce(-(-max(picture.size) // MAX_SIDE))
    colours = np.asarray(small).reshape(small.height, small.width, -1)
    colours = dark_on_light(colours)
    missing = without_rulings(darkness(colours))
    found = None
    sheet = find_sheet(colours)
    if sheet is not None:
        found = find_marks(missing, sheet)
    if found is None and not on_desk:
        found = find_marks(missing, None)
    if found is None:
        return None
    pen = float(np.quantile(missing[found], PEN))
    ink = np.clip(1 - missing / pen, 0, 1) * 255
    return np.where(found, np.rint(ink), 255).astype(np.uint8)
