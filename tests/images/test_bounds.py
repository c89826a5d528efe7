"""Drawings that would take minutes or gigabytes are refused, and libraries warn nobody."""

from __future__ import annotations

import io
import json
import struct
import threading
import time
import tracemalloc
import warnings
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sketchshape.errors import SketchError
from sketchshape.images import draw_strokes, read_drawing_bytes
from sketchshape.images.files.quiet import quiet
from sketchshape.images.stroke_files import MAX_BYTES, parse_strokes
from sketchshape.images.strokes import MAX_POINTS

SLOW = 10.0  # seconds of a busy machine; each of these took over a minute, or gigabytes


@pytest.fixture(autouse=True)
def quick() -> Any:
    start = time.process_time()
    yield
    assert time.process_time() - start < SLOW


@pytest.mark.parametrize(
    "words",
    [
        ["a"] * 50_000,
        ["1"] * 50_000,
        [*["a"] * 50_000, "b" * 1_000_000],
        [1, *["2"] * 50_000],
        [None] * 50_000,
    ],
)
@pytest.mark.parametrize("form", ["lists", "points", "object"])
def test_words_for_numbers_take_little_memory(words: list[Any], form: str) -> None:
    value: Any = [[words, words]]
    if form == "points":
        value = [[[word, word] for word in words]]
    if form == "object":
        value = {"drawing": value}
    data = json.dumps(value).encode()
    tracemalloc.start()
    with pytest.raises(SketchError, match=r"not a number|is not .xs, ys.|could not convert"):
        parse_strokes(data, "a.json")
    assert tracemalloc.get_traced_memory()[1] < 30 * len(data)
    tracemalloc.stop()


@pytest.mark.parametrize(
    "data", [b"[" * 10**6, b'{"drawing":' * 10**5, b'{"elements":[' * 10**5, b"[" + b"[" * 10**5 + b"1"]
)
def test_json_that_is_nested_is_named(data: bytes) -> None:
    with pytest.raises(SketchError, match="nested too deep"):
        parse_strokes(data, "a.json")


@pytest.mark.parametrize(
    "piece", [b"[],", b"[[],[]],", b"[[1],[1]],", b"1,", b'"",', b"{},", b"[[1,2],[3,4]],"]
)
def test_a_list_of_very_many_things_is_refused(piece: bytes) -> None:
    data = b"[" + piece * 120_000 + b"1]"
    with pytest.raises(SketchError):
        parse_strokes(data, "a.json")


def test_more_than_a_drawing_has_is_refused_unread() -> None:
    with pytest.raises(SketchError, match=f"expected at most {MAX_BYTES} for one drawing"):
        parse_strokes(b" " * (MAX_BYTES + 1), "a.json")
    with pytest.raises(SketchError, match=f"at most {MAX_POINTS}: simplify"):
        draw_strokes([[[], []]] * (MAX_POINTS + 1))


@pytest.mark.parametrize("kind", ["excalidraw", "tldraw"])
def test_a_scene_of_very_many_figures_is_refused(kind: str) -> None:
    if kind == "excalidraw":
        one = {"type": "rectangle", "x": 0, "y": 0, "width": 1, "height": 1}
        value: Any = {"type": "excalidraw", "elements": [one] * 30_000}
    else:
        shape = {"typeName": "shape", "type": "geo", "x": 0, "y": 0, "props": {"w": 1, "h": 1}}
        value = {"records": [{"id": f"shape:{i}", "parentId": f"shape:{i + 1}" if i % 90 else "", **shape}
                             for i in range(2000)]}  # fmt: skip
    with pytest.raises(SketchError, match="more than 20000 lines and figures"):
        parse_strokes(json.dumps(value).encode(), "a.json")


def test_lines_across_the_page_cost_what_is_near_them() -> None:
    random = np.random.default_rng(0)
    xs, ys = random.random(MAX_POINTS // 10).tolist(), (np.arange(MAX_POINTS // 10) % 2).tolist()
    assert (draw_strokes([[xs, ys]]) < 255).mean() > 0.5


def picture(kind: str, **options: Any) -> bytes:
    image = Image.fromarray(np.tile(np.array([[0, 255]], np.uint8), (40, 20)))
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def test_what_pillow_numpy_and_libtiff_say_reaches_nobody(capfd: pytest.CaptureFixture[str]) -> None:
    data = picture("TIFF", compression="tiff_lzw")
    at = struct.unpack_from("<I", data, 4)[0]
    count = struct.unpack_from("<H", data, at)[0]
    bad = bytearray(data)
    for i in range(count):
        place = at + 2 + 12 * i
        if struct.unpack_from("<H", data, place)[0] in (284, 278):  # PlanarConfiguration, RowsPerStrip
            struct.pack_into("<I", bad, place + 4, 10**9)
    levels = np.array([[0, np.inf, np.nan, 1e38]] * 9, np.float32)
    stream = io.BytesIO()
    Image.fromarray(levels).save(stream, "TIFF")
    for file in (bytes(bad), data[: len(data) // 2], stream.getvalue()):
        with suppress(SketchError):
            assert read_drawing_bytes(file, "a.tif").dtype == np.uint8
    assert capfd.readouterr() == ("", "")


def test_filters_of_warnings_are_as_before_whatever_thread_goes_last() -> None:
    before, inside, go = list(warnings.filters), threading.Event(), threading.Event()

    def first() -> None:
        with quiet():
            inside.set()
            go.wait()

    thread = threading.Thread(target=first)
    thread.start()
    inside.wait()
    with quiet():
        go.set()
        thread.join()
        warnings.warn("nobody hears this", stacklevel=1)
    assert list(warnings.filters) == before


def test_a_promise_of_pixels_is_held_against_the_bytes() -> None:
    data = bytearray(picture("PNG"))
    struct.pack_into(">II", data, 16, 8000, 8000)
    with pytest.raises(SketchError):
        read_drawing_bytes(bytes(data), "a.png")
    gif = bytearray(picture("GIF"))
    struct.pack_into("<HH", gif, 6, 8000, 7999)
    with pytest.raises(SketchError, match=r"promises 8000 x 7999 pixels, too many for its \d+ bytes"):
        read_drawing_bytes(bytes(gif), "a.gif")


def test_blanks_in_the_declaration_of_an_svg_are_read_once() -> None:
    pytest.importorskip("resvg_py", reason="needs the extra [svg]")
    rest = (
        b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><path d='M1 1L8 8' stroke='#000'/></svg>"
    )
    start = time.process_time()
    drawn = read_drawing_bytes(b"<?xml version='1.0'" + b" " * 1_000_000 + b"?>" + rest, "a.svg")
    assert time.process_time() - start < SLOW
    for declared in (b"<?xml version='1.0'?>", b"<?xml version='1.0' encoding='latin-1'?>"):
        assert (read_drawing_bytes(declared + rest, "a.svg") == drawn).all()
