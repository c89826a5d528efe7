"""Views side by side, for looking at them."""

from __future__ import annotations

import numpy as np

from sketchshape.types import U8


def contact_sheet(views: U8, columns: int = 6) -> U8:
    """Lay views out in rows.

    Args:
        views: (V, H, W) uint8.
        columns: views in a row, at least 1.

    Returns:
        (rows * H, columns * W) uint8; places left over are paper.

    Raises:
        ValueError: columns is less than 1, or views is not a stack of pictures.
    """
    if columns < 1:
        raise ValueError(f"columns is {columns}, expected at least 1")
    if views.ndim != 3:
        raise ValueError(f"views has shape {views.shape}, expected (views, height, width)")
    count, height, width = views.shape
    rows = -(-count // columns)
    sheet = np.full((rows * columns, height, width), 255, np.uint8)
    sheet[:count] = views
    return sheet.reshape(rows, columns, height, width).swapaxes(1, 2).reshape(rows * height, columns * width)
