"""A drawing in a file of any kind: a picture, strokes, or SVG, told by what is in it."""

from __future__ import annotations

from pathlib import Path

from sketchshape.errors import SketchError
from sketchshape.images.files.pictures import MAX_PIXELS, open_picture
from sketchshape.images.files.svg import draw_svg
from sketchshape.images.ink import bytes_of, to_ink
from sketchshape.images.stray import without_stray
from sketchshape.images.stroke_files import LINES, STROKES, parse_strokes, read_strokes
from sketchshape.images.strokes import draw_strokes
from sketchshape.images.taps import without_taps
from sketchshape.types import U8

BOMS = b"\xef\xbb\xbf\xff\xfe"


def read_drawing_file(path: str | Path) -> U8:
    """Read a drawing to search with.

    Args:
        path: a picture, strokes as .json, .ndjson, .jsonl, .excalidraw or .tldr, or .svg.

    Returns:
        (H, W) uint8, 0 = ink, 255 = paper, upright; strokes without the taps of a palm.

    Raises:
        SketchError: the file cannot be read, or is no drawing.
        MissingExtraError: what reads this kind of file is not installed.
    """
    path = Path(path)
    if path.suffix.lower() in LINES:
        return draw_strokes(without_taps(read_strokes(path), path))
    return read_drawing_bytes(bytes_of(path), path)


def read_drawing_bytes(data: bytes, name: str | Path, most: int = MAX_PIXELS) -> U8:
    """Read a drawing to search with from the bytes of a file; see `read_drawing_file`.

    Args:
        data: of the file.
        name: what errors call it; its suffix tells strokes where the bytes do not.
        most: pixels, width times height, that a picture may have.
    """
    start = data[:1000].lstrip(BOMS).replace(b"\0", b"").lstrip()[:1]
    if Path(name).suffix.lower() in STROKES or start in (b"{", b"["):
        return draw_strokes(without_taps(parse_strokes(data, name), name))
    if Path(name).suffix.lower() == ".svg" or start == b"<":
        try:
            data = draw_svg(data)
        except ValueError as error:
            raise SketchError(name, str(error)) from None
    return without_stray(to_ink(open_picture(data, name, most), name))
