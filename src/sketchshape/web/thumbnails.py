"""Small pictures of shapes: clay on transparent paper, so that they suit a light and a dark page."""

from __future__ import annotations

import io
from math import cos, radians, sin

import numpy as np
from PIL import Image

from sketchshape.render import render_views
from sketchshape.types import U8, Mesh

SIDE = 320  # pixels
FINE = 2  # pixels that are drawn for one that is shown, across and down
TURN = 30  # degrees: a shape seen from a corner tells more than one seen from its front
PAPER = 255
SHADE, LIGHT = (104, 97, 110), (241, 234, 224)  # of a surface seen edge-on, and of one that faces the camera
GAMMA = 0.8  # below 1, what lies between is nearer to the light
LEVELS = (90, 220)  # the greys of a view that become these


def view_of(mesh: Mesh) -> U8:
    """Draw the view that a thumbnail is made of: (S, S) uint8, the second of twelve, but finer."""
    angle = radians(TURN)
    turn = np.array([[cos(angle), 0, sin(angle)], [0, 1, 0], [-sin(angle), 0, cos(angle)]], np.float32)
    view: U8 = render_views(Mesh(mesh.vertices @ turn, mesh.faces), 1, SIDE * FINE)[0]
    return view


def to_thumbnail(view: U8, side: int = SIDE) -> bytes:
    """Turn a shaded view into a PNG with transparency that its shape fills.

    A pixel on the outline is a mix of shape and paper. It takes the darkest level beside it for its own and
    becomes that transparent; a pixel inside stays as it is.

    Args:
        view: (S, S) uint8, 255 = paper, not all of it.
        side: of the picture in pixels.

    Returns:
        The bytes of an RGBA PNG.
    """
    part = _filled(view)
    outline = _beside(part, np.maximum) == PAPER
    own, alpha = part.copy(), np.full(part.shape, 255, np.uint8)
    own[outline] = np.minimum(_beside(part, np.minimum)[outline], LEVELS[1])
    covered = (PAPER - part[outline].astype(np.float32)) / (PAPER - own[outline])
    alpha[outline] = np.rint(np.clip(covered, 0, 1) * 255)
    clay = Image.fromarray(own)
    clay.putpalette(_CLAY)
    picture = clay.convert("RGB")
    picture.putalpha(Image.fromarray(alpha))
    stream = io.BytesIO()
    picture.resize((side, side), Image.Resampling.HAMMING).save(stream, "PNG", compress_level=2)
    return stream.getvalue()


def _filled(view: U8) -> U8:
    """Cut out the square that the shape fills, with a pixel of paper around it."""
    rows, columns = (np.flatnonzero((view < PAPER).any(axis)) for axis in (1, 0))
    height, width = int(np.ptp(rows)) + 3, int(np.ptp(columns)) + 3
    square = np.full((max(height, width),) * 2, PAPER, np.uint8)
    top, left = (len(square) - height) // 2 + 1, (len(square) - width) // 2 + 1
    inside = view[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    square[top : top + height - 2, left : left + width - 2] = inside
    return square


def _beside(view: U8, best: np.ufunc) -> U8:
    """The largest or the least of each pixel and its eight neighbours."""
    padded = np.pad(view, 1, mode="edge")
    across = best(best(padded[:, :-2], padded[:, 1:-1]), padded[:, 2:])
    found: U8 = best(best(across[:-2], across[1:-1]), across[2:])
    return found


def _clay() -> bytes:
    low, high = LEVELS
    part = np.clip((np.arange(256, dtype=np.float32) - low) / (high - low), 0, 1)[:, None]
    part **= GAMMA
    return np.rint(np.array(SHADE) * (1 - part) + np.array(LIGHT) * part).astype(np.uint8).tobytes()


_CLAY = _clay()  # the colour of each level, as a palette
