"""Drawings of nothing: scribbles, words, dots and random lines."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from sketchshape.images import draw_strokes
from sketchshape.types import U8

Random = np.random.Generator
SYLLABLES = (
    "he",
    "llo",
    "bu",
    "y",
    "mil",
    "k",
    "to",
    "da",
    "sk",
    "et",
    "ch",
    "na",
    "me",
    "17",
    "42",
    ":",
    "A",
    "Q",
)


def scribble(random: Random) -> U8:
    """One to three strokes that run in loops without an aim."""
    strokes = []
    for _ in range(int(random.integers(1, 4))):
        turn = np.cumsum(random.normal(0, random.uniform(0.2, 0.9), int(random.integers(30, 160))))
        points = np.cumsum(np.stack([np.cos(turn), np.sin(turn)]), 1) + random.uniform(0, 12, (2, 1))
        strokes.append(points.tolist())
    return draw_strokes(strokes)


def zigzag(random: Random) -> U8:
    """A stroke to and fro, as one tries a pen or blackens a place."""
    count = int(random.integers(8, 40))
    along = np.arange(count) * random.uniform(1, 8) + random.normal(0, 2, count)
    across = np.where(np.arange(count) % 2, 1, -1) * random.uniform(25, 60, count)
    angle = random.uniform(0, np.pi)
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ np.stack(
        [along, across]
    )
    return draw_strokes([turned.tolist()])


def word(random: Random) -> U8:
    """One to three written words, upright or slanted."""
    texts = [
        "".join(random.choice(SYLLABLES, int(random.integers(1, 5)))) for _ in range(random.integers(1, 4))
    ]
    picture = Image.new("L", (1200, 240), 255)
    font = ImageFont.load_default(int(random.integers(40, 70)))
    bold = int(random.integers(0, 3))
    ImageDraw.Draw(picture).text(
        (150, 80), " ".join(texts), fill=0, font=font, stroke_width=bold, stroke_fill=0
    )
    slant = (1, float(random.uniform(-0.2, 0.5)), 0, float(random.uniform(-0.04, 0.04)), 1, 0)
    return np.asarray(picture.transform(picture.size, Image.Transform.AFFINE, slant, fillcolor=255))


def dots(random: Random) -> U8:
    """Two to twelve dots."""
    places = random.uniform(0, 100, (int(random.integers(2, 13)), 2))
    return draw_strokes([[[x], [y]] for x, y in places.tolist()], 256, float(random.uniform(3, 8)))


def lines(random: Random) -> U8:
    """Straight lines from anywhere to anywhere."""
    ends = random.uniform(0, 100, (int(random.integers(2, 10)), 2, 2))
    return draw_strokes([one.tolist() for one in ends])


NONSENSE: dict[str, Callable[[Random], U8]] = {
    "scribbles": scribble,
    "zigzags": zigzag,
    "words": word,
    "dots": dots,
    "random lines": lines,
}
"""By the name under which they are printed."""
