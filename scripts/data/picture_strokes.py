"""A picture becomes a drawing: lines of a pen, cut into strokes. Needs scikit-image and scipy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from skimage.measure import approximate_polygon
from skimage.morphology import disk, skeletonize

from sketchshape.images import Strokes

Bits = NDArray[np.bool_]
SIDE, BORDER = 224, 16  # pixels of a picture, and of the paper around it
INK, FAINT = 90, 30  # of 255, darker than paper by this much; the second where nothing is as dark
FLAT = 12  # of 255; where colours differ less, the picture has one
PEN = 10.5  # pixels; a part that is at most twice as wide is a line, a wider one an area
BLACK = 80  # of 255, the level of drawn lines in a coloured picture
OUTLINE = 9  # pixels, half of their width
STEP = 22  # of 255, between two colours with an edge between them
PAPER = 200  # of 255; what is darker in a sketch is ink
SHORTEST, LENGTH = 4, 1500  # points of a stroke before it is simplified; of a drawing after that
BEND = 1.2  # pixels that a simplified stroke may leave its line
AROUND = ((0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, -1), (-1, 1))


def picture_strokes(picture: NDArray[np.uint8]) -> Strokes | None:
    """Draw a picture with a pen: the middle of its lines, the outline of its areas, the edges of its colours.

    Args:
        picture: (H, W, 3), about `SIDE` pixels and `BORDER` of white paper around them.

    Returns:
        [[xs, ys], ...] in pixels, or None where nothing or too much would be drawn.
    """
    return _enough(_traced(_lines(picture)))


def ink_strokes(ink: Bits) -> Strokes | None:
    """Draw with a pen what is black on white, as `picture_strokes` does, of (H, W) bool."""
    return _enough(_traced(_of_one_colour(ink)))


def sketch_strokes(path: Path) -> Strokes | None:
    """Draw the picture file of a sketch with a pen; None as `picture_strokes` gives it."""
    with Image.open(path) as opened:
        return ink_strokes(enlarged(np.asarray(opened.convert("L"))))


def enlarged(levels: NDArray[np.uint8]) -> Bits:
    """Tell where the ink is when what is drawn is as large as fits."""
    rows, columns = np.nonzero(levels < PAPER)
    if not len(rows):
        return np.zeros((SIDE + 2 * BORDER, SIDE + 2 * BORDER), bool)
    box = levels[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    scale = SIDE / max(box.shape)
    size = (max(1, round(box.shape[1] * scale)), max(1, round(box.shape[0] * scale)))
    large = np.asarray(Image.fromarray(box).resize(size, Image.Resampling.BICUBIC))
    ink: Bits = np.pad(large, BORDER, constant_values=255) < PAPER
    return ink


def _enough(strokes: Strokes) -> Strokes | None:
    points = sum(len(xs) for xs, _ in strokes)
    return strokes if SHORTEST <= points <= LENGTH else None


def _lines(picture: NDArray[np.uint8]) -> Bits:
    levels = picture.astype(np.int16)
    darkness = (255 - levels).max(2)
    ink = darkness > INK
    if not ink.any():
        ink = darkness > FAINT
    colours = levels[ink]
    if len(colours) and np.abs(colours - np.median(colours, 0)).max(1).mean() < FLAT:
        return _of_one_colour(ink)
    return _of_colours(levels)


def _of_one_colour(ink: Bits) -> Bits:
    areas = _wide(ink, PEN, PEN + 1.5)
    lines: Bits = skeletonize(ink & ~areas)
    if areas.any():
        lines = skeletonize(lines | areas & ~ndimage.binary_erosion(areas))
    return lines


def _of_colours(levels: NDArray[np.int16]) -> Bits:
    """Take the middle of black lines, and edges away from them."""
    black = levels.mean(2) < BLACK
    drawn = black & ~_wide(black, OUTLINE, PEN, within=False)
    edges = np.zeros_like(black)
    for level in np.moveaxis(levels, 2, 0):
        smooth = ndimage.gaussian_filter(level.astype(np.float32), 1.0)
        edges |= (ndimage.maximum_filter(smooth, 3) - ndimage.minimum_filter(smooth, 3)) > STEP
    found: Bits = skeletonize(edges & ~ndimage.binary_dilation(drawn, disk(3))) | skeletonize(drawn)
    return found


def _wide(ink: Bits, half: float, reach: float, *, within: bool = True) -> Bits:
    """Find the parts that are wider than twice `half`, and what is nearer to their middle than `reach`."""
    core = ndimage.distance_transform_edt(ink) > half
    if not core.any():
        return np.zeros_like(ink)
    near: Bits = ndimage.distance_transform_edt(~core) <= reach
    return near & ink if within else near


def _traced(lines: Bits) -> Strokes:
    """Follow lines of one pixel, from their ends, then from where they meet, then around what is left."""
    left = np.pad(lines, 1)
    neighbours = sum(np.roll(left.astype(np.uint8), shift, (0, 1)) for shift in AROUND)
    ends, crossings = left & (neighbours == 1), left & (neighbours > 2)
    starts = np.concatenate([np.argwhere(part) for part in (ends, crossings, left)])
    strokes: Strokes = []
    for row, column in starts:
        if left[row, column]:
            path = _followed(left, int(row), int(column))
            if len(path) >= SHORTEST:
                points = approximate_polygon(np.array(path, float), BEND)
                strokes.append([np.round(points[:, axis], 1).tolist() for axis in (1, 0)])
    return strokes


def _followed(left: Bits, row: int, column: int) -> list[tuple[int, int]]:
    """Walk to a neighbour for as long as there is one, and take what was walked from `left`."""
    path = [(row, column)]
    left[row, column] = False
    while steps := [
        (row + down, column + right) for down, right in AROUND if left[row + down, column + right]
    ]:
        row, column = steps[0]
        left[row, column] = False
        path.append((row, column))
    closed = len(path) > 8 and max(abs(row - path[0][0]), abs(column - path[0][1])) <= 2
    return [*path, path[0]] if closed else path
