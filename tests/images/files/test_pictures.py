"""Files of pictures: what makes Pillow refuse a whole file, and kinds that need something more."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from sketchshape.errors import MissingExtraError, SketchError
from sketchshape.images import draw_strokes, read_sketch, to_ink
from sketchshape.images.files.pictures import TooManyPixels, open_picture, without_texts

SKETCH = draw_strokes([[[0, 20, 60, 80, 80, 0, 0], [0, 30, 30, 0, 90, 90, 0]]], size=128)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("compressed", [True, False])
def test_a_png_with_large_texts_and_a_large_profile(compressed: bool) -> None:
    texts = PngImagePlugin.PngInfo()
    for number in range(3):
        texts.add_text(f"note{number}", "x" * 3_000_000, zip=compressed)
        texts.add_itxt(f"more{number}", "y" * 3_000_000, zip=compressed)
    data = encoded(Image.fromarray(SKETCH), pnginfo=texts, icc_profile=b"p" * 3_000_000)
    np.testing.assert_array_equal(to_ink(data), SKETCH)
    plain = encoded(Image.fromarray(SKETCH))
    assert without_texts(data) == plain == without_texts(plain)


def test_a_cut_png_is_a_sketch_error() -> None:
    data = encoded(Image.fromarray(SKETCH))
    for end in (10, 20, 40, len(data) // 2):
        assert without_texts(data[:end]) == data[:end]
        with pytest.raises(SketchError):
            to_ink(data[:end])


@pytest.mark.parametrize(("kind", "page"), [("GIF", "save_all"), ("TIFF", "save_all"), ("PNG", "save_all")])
def test_of_several_pages_the_first(kind: str, page: str) -> None:
    other = Image.fromarray(np.ascontiguousarray(SKETCH[::-1]))
    data = encoded(Image.fromarray(SKETCH), kind, append_images=[other, other], **{page: True})
    np.testing.assert_array_equal(to_ink(data), SKETCH)


@pytest.mark.parametrize("bits", [9, 10, 12, 14, 16])
def test_scanners_that_use_a_part_of_sixteen_bits(bits: int) -> None:
    top = 2**bits - 1
    levels = np.rint(SKETCH / 255 * top).astype(np.uint16)
    got = to_ink(encoded(Image.fromarray(levels)))
    assert np.abs(got.astype(int) - SKETCH).max() <= 2


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_pictures_of_telephones(tmp_path: Path, kind: str) -> None:
    if kind == "HEIF":
        pytest.importorskip("pillow_heif", reason="needs the extra [heic]").register_heif_opener()
    else:
        pytest.importorskip("PIL._avif", reason="this Pillow has no AVIF")
    path = tmp_path / "photo.heic"
    path.write_bytes(encoded(Image.fromarray(SKETCH).convert("RGB"), kind, quality=90))
    assert np.abs(read_sketch(path).astype(float) - SKETCH).mean() < 6


def test_the_line_of_pip_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'sketchshape\[heic\]'"):
        to_ink(b"\0\0\0\x18ftypheic" + bytes(50))


def test_the_bound_of_pixels_is_the_callers() -> None:
    data = encoded(Image.fromarray(SKETCH))
    assert open_picture(data, "a", 128 * 128).size == (128, 128)
    with pytest.raises(TooManyPixels, match="128 x 128 pixels, expected 1 to 16,383"):
        open_picture(data, "a", 128 * 128 - 1)
