"""Pictures of any kind become black ink on white paper, and any bytes give ink or a SketchError."""

import io
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sketchshape.errors import SketchError
from sketchshape.images import draw_strokes, prepare, read_sketch, to_ink
from sketchshape.images.files.pictures import MAX_PIXELS
from sketchshape.images.ink import MAX_SIDE

CAT = [
    [[0, 20, 60, 80, 80, 0, 0], [0, 30, 30, 0, 90, 90, 0]],
    [[25], [50]],
    [[55], [50]],
    [[30, 50], [70, 70]],
]
SKETCH = draw_strokes(CAT, size=128)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def same(got: np.ndarray, expected: np.ndarray = SKETCH, tolerance: float = 2) -> None:
    assert got.dtype == np.uint8
    assert got.shape == expected.shape
    assert np.abs(got.astype(float) - expected).max() <= tolerance


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P", "I;16", "I", "F", "CMYK", "YCbCr"])
def test_every_mode_gives_the_sketch_back(mode: str) -> None:
    image = Image.fromarray(SKETCH)
    if mode in ("I;16", "I"):
        wide = SKETCH.astype(np.uint16) * 257
        image = Image.fromarray(wide if mode == "I;16" else wide.astype(np.int32))
    elif mode == "F":
        image = Image.fromarray(SKETCH.astype(np.float32) / 255)
    else:
        image = image.convert(mode)
    assert image.mode == mode
    same(to_ink(image))


def test_one_bit() -> None:
    black = np.where(SKETCH < 128, 0, 255).astype(np.uint8)
    same(to_ink(encoded(Image.fromarray(black).convert("1"))), black, 0)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM"])
def test_lossless_files(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    same(to_ink(encoded(Image.fromarray(SKETCH), kind, **options)), tolerance=0)


def test_sixteen_bit_png() -> None:
    same(to_ink(encoded(Image.fromarray(SKETCH.astype(np.uint16) * 257))), tolerance=0)


@pytest.mark.parametrize("quality", [30, 75, 95])
def test_jpeg_has_the_same_crop(quality: int) -> None:
    got = to_ink(encoded(Image.fromarray(SKETCH), "JPEG", quality=quality))
    assert np.abs(got.astype(float) - SKETCH).mean() < 6
    assert np.abs(prepare(got, 64).astype(float) - prepare(SKETCH, 64)).mean() < 16


def test_black_on_white_is_not_changed_and_twice_is_once() -> None:
    same(to_ink(SKETCH), tolerance=0)
    faint = to_ink((255 - (255 - SKETCH) * 0.4).astype(np.uint8))
    same(to_ink(faint), faint, 0)


def test_inverted() -> None:
    same(to_ink(255 - SKETCH), tolerance=0)


@pytest.mark.parametrize(("paper", "ink"), [(200, 40), (120, 30), (30, 220), (0, 90), (255, 210)])
def test_gray_paper_becomes_white_and_faint_ink_black(paper: int, ink: int) -> None:
    levels = ink + (SKETCH / 255) * (paper - ink)
    same(to_ink(np.rint(levels).astype(np.uint8)), tolerance=6)


def test_a_large_black_shape_on_white_is_no_inverted_sketch() -> None:
    gray = np.full((100, 100), 255, np.uint8)
    gray[5:95, 5:95] = 0
    same(to_ink(gray), gray, 0)
    same(to_ink(255 - gray), 255 - gray, 0)  # a black frame around white: still ink on white paper


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (250, 252, 251)])
def test_ink_of_any_colour_on_transparency(colour: tuple[int, int, int]) -> None:
    rgba = np.zeros((*SKETCH.shape, 4), np.uint8)
    rgba[..., :3] = colour
    rgba[..., 3] = 255 - SKETCH
    same(to_ink(encoded(Image.fromarray(rgba))))


def test_transparent_palette() -> None:
    indices = np.where(SKETCH < 128, 1, 0).astype(np.uint8)
    image = Image.fromarray(indices).convert("P")
    image.putpalette([9, 9, 9, 0, 0, 0])
    black = np.where(SKETCH < 128, 0, 255).astype(np.uint8)
    same(to_ink(encoded(image, transparency=0)), black)


def test_hidden_colour_under_transparency_is_not_ink() -> None:
    rgba = np.zeros((64, 64, 4), np.uint8)  # black everywhere, but nothing of it is visible
    with pytest.raises(SketchError, match="no ink"):
        to_ink(encoded(Image.fromarray(rgba)))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_camera_was_turned(orientation: int) -> None:
    turned = {
        1: SKETCH, 2: SKETCH[:, ::-1], 3: SKETCH[::-1, ::-1], 4: SKETCH[::-1],
        5: SKETCH.T, 6: np.rot90(SKETCH), 7: SKETCH[::-1, ::-1].T, 8: np.rot90(SKETCH, -1),
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    same(to_ink(encoded(Image.fromarray(np.ascontiguousarray(turned)), exif=exif)), tolerance=0)


def photograph(noise: float = 4, inverted: bool = False) -> np.ndarray:
    rows, columns = np.mgrid[0:480, 0:640]
    light = 230 - 90 * columns / 640 - 40 * rows / 480
    ink = np.asarray(Image.fromarray(draw_strokes(CAT, size=480, width=8)).resize((640, 480))) / 255
    levels = light * (0.3 + 0.7 * ink)
    if inverted:
        levels = 60 * light / 230 + 150 * (1 - ink)
    levels = levels + np.random.default_rng(0).normal(0, noise, levels.shape)
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("inverted", [False, True])
def test_a_photograph_loses_its_light(inverted: bool) -> None:
    got = to_ink(encoded(Image.fromarray(photograph(inverted=inverted)), "JPEG", quality=85))
    drawn = np.asarray(Image.fromarray(draw_strokes(CAT, size=480, width=8)).resize((640, 480)))
    assert np.mean(got[drawn == 255] == 255) > 0.97
    assert np.mean(got[drawn == 0]) < 80
    expected = prepare(drawn, 96).astype(float)
    assert np.corrcoef(prepare(got, 96).ravel(), expected.ravel())[0, 1] > 0.9


def test_paper_without_drawing_is_blank_even_when_photographed() -> None:
    light = np.broadcast_to(np.linspace(140, 230, 640), (480, 640))
    noisy = light + np.random.default_rng(0).normal(0, 3, light.shape)
    with pytest.raises(SketchError, match="no ink"):
        to_ink(np.rint(noisy).astype(np.uint8))


@pytest.mark.parametrize("level", [0, 13, 128, 250, 255])
def test_one_level_is_blank(level: int) -> None:
    gray = np.full((40, 50), level, np.uint8)
    gray[3, 4] ^= 7
    with pytest.raises(SketchError, match="no ink"):
        to_ink(gray)


def test_one_black_pixel_is_ink() -> None:
    gray = np.full((40, 50), 255, np.uint8)
    gray[3, 4] = 0
    same(to_ink(gray), gray, 0)


def test_large_pictures_are_reduced() -> None:
    gray = np.full((3000, 5000), 255, np.uint8)
    gray[1000:2000, 1500:3500] = 0
    got = to_ink(gray)
    assert got.shape == (1000, 1667)
    assert max(got.shape) <= MAX_SIDE
    assert abs(float((255.0 - got).sum()) * 9 - 255.0 * 2e6) < 255 * 2e6 * 0.01


def test_reduced_transparency_keeps_its_ink() -> None:
    rgba = np.zeros((4200, 60, 4), np.uint8)
    rgba[..., :3] = 255
    rgba[1000:3000, 20:40] = (0, 0, 0, 255)
    got = to_ink(Image.fromarray(rgba))
    assert got.shape == (1400, 20)
    assert got[600, 10] == 0
    assert got[0, 0] == 255


def test_too_many_pixels_are_refused_before_they_are_decoded() -> None:
    header = bytearray(encoded(Image.new("L", (4, 4))))
    header[16:24] = (20_000).to_bytes(4, "big") + (20_000).to_bytes(4, "big")
    header[29:33] = zlib.crc32(bytes(header[12:29])).to_bytes(4, "big")
    with pytest.raises(SketchError, match=r"20000 x 20000|far more than"):
        to_ink(bytes(header))
    with pytest.raises(SketchError, match=f"expected 1 to {MAX_PIXELS:,}"):
        to_ink(Image.new("1", (MAX_PIXELS // 1000 + 1, 1000)))


def test_errors_name_the_file(tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"nothing")
    for path, message in (
        (bad, "not a picture"),
        (tmp_path / "gone.png", "No such file"),
        (tmp_path, "directory"),
    ):
        with pytest.raises(SketchError, match=message) as caught:
            read_sketch(path)
        assert caught.value.path == path
    path = tmp_path / "good.png"
    path.write_bytes(encoded(Image.fromarray(SKETCH)))
    same(read_sketch(str(path)), tolerance=0)


@pytest.mark.parametrize("shape", [(0, 0), (5,), (5, 5, 2, 2), (5, 5, 7)])
def test_arrays_that_are_no_pictures(shape: tuple[int, ...]) -> None:
    with pytest.raises(SketchError, match="expected"):
        to_ink(np.zeros(shape, np.uint8))


def test_postscript_is_not_run() -> None:
    with pytest.raises(SketchError, match="not a picture"):
        to_ink(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n")


def check_only_sketch_errors(data: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            got = to_ink(data)
        except SketchError:
            return
    assert got.dtype == np.uint8
    assert got.ndim == 2
    assert got.min() == 0


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_bytes(data: bytes) -> None:
    check_only_sketch_errors(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM"])
def test_damaged_files(kind: str) -> None:
    good = encoded(Image.fromarray(SKETCH).convert("RGB"), kind)
    random = np.random.default_rng(len(kind))
    for _ in range(60):
        data = bytearray(good)
        for place in random.integers(0, min(len(data), 400), random.integers(1, 8)):
            data[place] = random.integers(0, 256)
        check_only_sketch_errors(bytes(data[: random.integers(1, len(data) + 1)]))
        check_only_sketch_errors(bytes(data))
