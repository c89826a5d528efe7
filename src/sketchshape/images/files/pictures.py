"""Pictures in files: what Pillow opens, without what it would trip over."""

from __future__ import annotations

import io
import struct
from pathlib import Path

from PIL import Image, features

from sketchshape.errors import MissingExtraError, SketchError
from sketchshape.images.files.quiet import quiet

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF", "HEIF")  # none that starts a program
MAX_PIXELS = 64_000_000
FREE_PIXELS, PIXELS_OF_BYTE = 4_000_000, 10_000
"""Pixels that a file may promise, and more for each of its bytes: white paper takes a byte for thousands."""
PNG = b"\x89PNG\r\n\x1a\n"
LEFT_OUT = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")  # may be large, and Pillow then refuses the whole file
AVIF = (b"avif", b"avis")
HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


class TooManyPixels(SketchError):
    """A picture is larger than what may be decoded."""


def open_picture(data: bytes, name: str | Path, most: int = MAX_PIXELS) -> Image.Image:
    """Open a picture without decoding it; of several pages or frames the first.

    Args:
        data: of the file.
        name: what errors call the picture.
        most: pixels, width times height, that it may have.

    Returns:
        The picture.

    Raises:
        SketchError: it is no picture; `TooManyPixels` where it is too large.
        MissingExtraError: it is a HEIC or AVIF picture, and what reads it is not installed.
    """
    _demand_heif(data[4:12])
    Image.init()  # with a list of formats, Pillow opens only those whose readers are loaded
    try:
        with quiet():  # of many pixels, which are counted below
            picture = Image.open(io.BytesIO(without_texts(data)), formats=FORMATS)
    except Image.DecompressionBombError:
        raise TooManyPixels(name, f"has far more than {most:,} pixels; reduce it") from None
    except Exception as error:  # decoders raise anything on damaged files
        raise SketchError(name, f"is not a picture, expected {', '.join(FORMATS)}") from error
    check_size(picture, name, most)
    width, height = picture.size
    if width * height > FREE_PIXELS + PIXELS_OF_BYTE * len(data):
        raise SketchError(name, f"promises {width} x {height} pixels, too many for its {len(data)} bytes")
    return picture


def check_size(picture: Image.Image, name: str | Path, most: int = MAX_PIXELS) -> None:
    """Refuse a picture without pixels, or with more than `most`.

    Raises:
        TooManyPixels: it is so.
    """
    width, height = picture.size
    if not 0 < width * height <= most:
        raise TooManyPixels(name, f"is {width} x {height} pixels, expected 1 to {most:,} pixels; reduce it")


def without_texts(data: bytes) -> bytes:
    """Leave the texts and the colour profile of a PNG out; anything else is given back as it is."""
    if not data.startswith(PNG):
        return data
    kept, place = [PNG], len(PNG)
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        end = place + 12 + length
        if data[place + 4 : place + 8] not in LEFT_OUT:
            kept.append(data[place:end])
        place = end
    return b"".join([*kept, data[place:]])


def _demand_heif(box: bytes) -> None:
    """Load the reader of HEIC when a file is such; that of AVIF is a part of newer Pillows."""
    kind = box[4:] if box[:4] == b"ftyp" else b""
    if kind in AVIF and not features.check("avif"):
        raise MissingExtraError("a Pillow that reads AVIF", "heic")
    if kind in HEIF:
        try:
            import pillow_heif
        except ImportError:
            raise MissingExtraError("pillow-heif", "heic") from None
        pillow_heif.register_heif_opener()
