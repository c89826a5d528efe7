"""Any picture of a drawing becomes black ink on white paper."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from sketchshape.errors import SketchError
from sketchshape.images.files.pictures import check_size, open_picture
from sketchshape.images.files.quiet import quiet
from sketchshape.images.paper import (
    MIN_CONTRAST,
    black_on_white,
    from_colours,
    is_around,
    is_framed,
    is_photograph,
    touches_border,
)
from sketchshape.types import U8

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".heif")
ROWS = 64  # that are worked on at once
MAX_SIDE = 2048  # larger pictures are reduced: no network sees more


def read_sketch(path: str | Path) -> U8:
    """Read a picture file as a sketch: black ink on white paper.

    Args:
        path: PNG, JPEG, WebP, GIF, BMP, TIFF, PPM, AVIF or HEIC of up to 64 megapixels, any colour mode; of
            several pages or frames the first.

    Returns:
        (H, W) uint8, 0 = ink, 255 = paper, upright, the longer side at most `MAX_SIDE`; see `to_ink`.

    Raises:
        SketchError: the file cannot be read, is no picture, is too large, or has no ink.
    """
    path = Path(path)
    return to_ink(bytes_of(path), path)


def bytes_of(path: Path) -> bytes:
    """Read the file of a drawing.

    Raises:
        SketchError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise SketchError(path, f"cannot be read: {error.strerror or error}") from error


def to_ink(image: bytes | Image.Image | np.ndarray, name: str | Path = "sketch") -> U8:
    """Turn a picture into black ink on white paper.

    Transparency is composed on white; where that leaves nothing, the opaque part is the ink. White lines on
    black are inverted; of photographs and scans the marks of the pen are left; paper becomes 255, the darkest
    ink 0. A colour that is as light as its paper counts as ink too.

    Args:
        image: bytes of a picture file, a Pillow image, or an array: (H, W), (H, W, 3) or (H, W, 4) uint8.
        name: what errors call the picture.

    Returns:
        (H, W) uint8, 0 = ink, 255 = paper, the longer side at most `MAX_SIDE`.

    Raises:
        SketchError: `image` is no picture, is too large, or has no ink.
    """
    picture = _open(image, name)
    try:
        with quiet():
            found = _ink(_upright(picture))
    except Exception as error:  # decoders raise anything on damaged files
        raise SketchError(name, f"is damaged: {error}") from error
    if found is not None:
        return found
    raise SketchError(
        name, f"no ink: nothing is {MIN_CONTRAST} of 255 darker or lighter than the paper; draw something"
    )


def _open(image: bytes | Image.Image | np.ndarray, name: str | Path) -> Image.Image:
    if isinstance(image, bytes):
        return open_picture(image, name)
    if isinstance(image, np.ndarray):
        try:
            if image.ndim not in (2, 3):
                raise ValueError(image.shape)
            image = Image.fromarray(image)
        except Exception as error:  # Pillow raises anything on arrays that it does not know
            raise SketchError(name, "is not a picture, expected uint8 (H, W[, 3 or 4])") from error
    check_size(image, name)
    return image


def _upright(picture: Image.Image) -> Image.Image:
    """Turn a picture as its EXIF says, with 8 bits a channel."""
    picture = ImageOps.exif_transpose(picture)
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        picture = Image.fromarray(_eight_bits(np.asarray(picture), picture.mode))
    return picture


def _ink(picture: Image.Image) -> U8 | None:
    """Find the ink in the way that fits what it is: a photograph, paper in a frame, or drawn by a program."""
    gray, opaque = _gray_and_alpha(picture)
    if opaque is not None and int(opaque.min()) < 255:
        inks = (black_on_white(levels) for levels in (_on_white(gray, opaque), 255 - opaque))
        return next((ink for ink in inks if ink is not None), None)
    if is_photograph(gray):
        return _photographed(picture)
    if is_framed(gray) or is_around(gray):
        within = _photographed(picture, not is_framed(gray))
        if within is not None and not touches_border(within):
            return within
    return black_on_white(_in_colour(picture, gray))


def _photographed(picture: Image.Image, on_desk: bool = False) -> U8 | None:
    from sketchshape.images.photograph.read import photographed_ink

    return photographed_ink(picture.convert("L" if picture.mode in ("L", "LA", "1") else "RGB"), on_desk)


def _in_colour(picture: Image.Image, gray: U8) -> U8:
    if picture.mode in ("L", "LA", "1"):
        return gray
    colours = picture.convert("RGB").reduce(-(-max(picture.size) // MAX_SIDE))
    levels = from_colours(np.asarray(colours), gray)
    return gray if levels is None else levels


def _gray_and_alpha(picture: Image.Image) -> tuple[U8, U8 | None]:
    """Give gray levels and, where there is any, opacity, both (H, W), reduced to `MAX_SIDE`."""
    picture = picture.convert("LA" if picture.has_transparency_data else "L")
    factor = -(-max(picture.size) // MAX_SIDE)
    if picture.mode == "L":
        return np.asarray(picture.reduce(factor)), None
    if factor > 1:  # by way of RGBa, or the hidden gray of transparent pixels would be averaged in
        picture = picture.convert("RGBA").convert("RGBa").reduce(factor).convert("RGBA").convert("LA")
    return np.asarray(picture.getchannel(0)), np.asarray(picture.getchannel(1))


def _eight_bits(levels: np.ndarray, mode: str) -> U8:
    """Scale 16-bit levels by the range of as many bits as are used, other wide levels by their own."""
    levels = levels if levels.dtype.kind in "iu" else np.nan_to_num(levels)
    low, high = float(levels.min()), float(levels.max())
    if mode.startswith("I;16"):  # scanners of 10 and 12 bits leave the upper ones empty
        low, high = 0.0, float(2 ** max(8, int(high).bit_length()) - 1)
    scale = 255 / (high - low) if high > low else 0.0
    gray = np.empty(levels.shape, np.uint8)
    for rows in range(0, len(levels), ROWS):  # numbers of 64 bits take as much memory as eight pictures
        part = levels[rows : rows + ROWS].astype(np.float64)
        gray[rows : rows + ROWS] = np.rint((part - low) * scale)
    return gray


def _on_white(gray: U8, opaque: U8) -> U8:
    return np.rint(255 - (255.0 - gray) * (opaque / 255)).astype(np.uint8)
