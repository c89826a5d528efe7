"""More pictures of one training sketch: mirrored, slightly turned, stretched and thickened."""

from __future__ import annotations

import numpy as np
from PIL import Image

from sketchshape.images.thicken import thicken
from sketchshape.types import U8

STRETCH = 0.1  # largest change of the aspect ratio
MAX_SIDE = 512  # a changed sketch is not larger, for speed


def variants(gray: U8, count: int, rotation: float, seed: int) -> list[U8]:
    """Make variants of a sketch, the same for the same arguments.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        count: how many, 1 or more; a smaller count gives the first ones of a larger.
        rotation: largest turn of the further ones in degrees, 0..180.
        seed: of the random changes, 0 or more.

    Returns:
        The sketch itself, its mirror image, then random ones, plain and mirrored in turn; sizes differ.

    Raises:
        ValueError: an argument is out of its range.
    """
    if count < 1 or not 0 <= rotation <= 180 or seed < 0:
        raise ValueError(
            f"count {count}, rotation {rotation}, seed {seed}; expected 1 or more, 0..180, 0 or more"
        )
    mirror = np.ascontiguousarray(gray[:, ::-1])
    changed = (
        _change((gray, mirror)[n % 2], rotation, np.random.default_rng([seed, n])) for n in range(2, count)
    )
    return [gray, mirror, *changed][:count]


def _change(gray: U8, rotation: float, random: np.random.Generator) -> U8:
    stretch = (1 + random.uniform(-STRETCH, STRETCH)) ** 0.5  # of the width; the height shrinks by it
    angle, thicker = random.uniform(-rotation, rotation), random.uniform(-1, 1)
    picture = Image.fromarray(gray)
    scale = min(1.0, MAX_SIDE / max(picture.size))
    width, height = picture.width * scale * stretch, picture.height * scale / stretch
    picture = picture.resize((max(1, round(width)), max(1, round(height))), Image.Resampling.BILINEAR)
    if thicker > 0:  # thinner is left out: it would break lines of one pixel
        picture = Image.blend(picture, Image.fromarray(thicken(np.asarray(picture), 1)), thicker)
    turned = picture.rotate(angle, Image.Resampling.BILINEAR, expand=True, fillcolor=255)
    return np.asarray(turned).copy()
