"""Where the sheet of paper lies in a photograph that shows a desk around it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sketchshape.types import U8

SIDE = 192  # pixels in which the sheet is looked for
CLOSE = 11  # pixels of that; lines of a drawing are narrower
APART = 5.0  # deviations of the desk by which a sheet differs from it
LEAST = 9.0  # levels of 255 by which it differs at least
SOLID = 0.93  # part of its convex hull that a sheet fills
AREA = (0.08, 0.97)  # of the picture
AT_BORDER = 0.12  # part of the picture's border that may be sheet
MARGIN = 0.02  # of the longer side; the paper's own edge is left out

Mask = NDArray[np.bool_]


def find_sheet(colours: U8) -> Mask | None:
    """Find the sheet: one solid area that differs from what is all around it at the picture's border.

    Args:
        colours: (H, W, channels) uint8.

    Returns:
        (H, W) bool, True well within the sheet; None where the paper fills the picture.
    """
    from scipy.ndimage import binary_erosion, binary_fill_holes, grey_closing, label

    height, width = colours.shape[:2]
    factor = max(1, max(height, width) // SIDE)
    small = np.stack(
        [np.asarray(Image.fromarray(one).reduce(factor), np.float32) for one in np.moveaxis(colours, -1, 0)],
        -1,
    )
    small = np.stack([grey_closing(one, CLOSE) for one in np.moveaxis(small, -1, 0)], -1)
    border = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])
    desk = np.median(border, 0)
    spread = 1.48 * np.median(np.abs(border - desk), 0)
    other = (np.abs(small - desk) > np.maximum(APART * spread, LEAST)).any(-1)
    parts, count = label(binary_fill_holes(other))
    if not count:
        return None
    largest = parts == 1 + np.argmax(np.bincount(parts.ravel())[1:])
    if not _is_sheet(largest):
        return None
    inner = binary_erosion(largest, iterations=max(1, round(MARGIN * max(largest.shape))))
    return np.asarray(Image.fromarray(inner).resize((width, height), Image.Resampling.NEAREST))


def _is_sheet(mask: Mask) -> bool:
    if not AREA[0] < mask.mean() < AREA[1]:
        return False
    border = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    return bool(border.mean() < AT_BORDER) and mask.sum() >= SOLID * _hull_area(mask)


def _hull_area(mask: Mask) -> float:
    """Give the area of the convex hull of the pixels of a mask (Andrew 1979)."""
    rows = [
        (y, float(xs[0]), float(xs[-1]) + 1) for y in range(len(mask)) if len(xs := np.flatnonzero(mask[y]))
    ]
    left = [(x, float(y + down)) for y, x, _ in rows for down in (0, 1)]
    right = [(x, float(y + down)) for y, _, x in rows for down in (0, 1)]
    outline = np.array(_chain(left, -1) + _chain(right, 1)[::-1])
    x, y = outline.T
    return abs(float(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))) / 2


def _chain(points: list[tuple[float, float]], side: int) -> list[tuple[float, float]]:
    """Keep the points, sorted downwards, that bulge to a side."""
    kept: list[tuple[float, float]] = []
    for x, y in points:
        while len(kept) > 1:
            (ax, ay), (bx, by) = kept[-2:]
            if side * ((bx - ax) * (y - ay) - (by - ay) * (x - ax)) > 0:
                break
            kept.pop()
        kept.append((x, y))
    return kept
