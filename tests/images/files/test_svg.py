"""SVG drawings are drawn as they are seen; what reaches out of the file is refused."""

import sys
from pathlib import Path

import numpy as np
import pytest

from sketchshape.errors import MissingExtraError, SketchError
from sketchshape.images import draw_strokes, prepare, read_drawing_bytes, read_drawing_file

pytest.importorskip("resvg_py", reason="needs the extra [svg]")

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
HOUSE = [[[0, 0, 100, 100, 0, 50, 100], [150, 60, 60, 150, 150, 0, 60]]]
LINE = "0,150 0,60 100,60 100,150 0,150 50,0 100,60"
STYLE = 'fill="none" stroke="black" stroke-width="3" stroke-linecap="round"'
SEEN = f'<polyline points="{LINE}" {STYLE}/>'


def svg(inside: str, more: str = 'viewBox="-5 -5 110 160"') -> bytes:
    return f"{HEAD}{more}>{inside}</svg>".encode()


@pytest.mark.parametrize(
    "inside",
    [
        SEEN,
        f'<path d="M0 150V60H100V150H0L50 0L100 60" {STYLE}/>',
        f'<path d="m0 150v-90h100v90h-100l50-150 50 60" {STYLE}/>',
        f'<g transform="translate(50) scale(2)"><g transform="scale(.5) translate(-50)">{SEEN}</g></g>',
        f'<defs><polyline id="h" points="{LINE}"/></defs><use xlink:href="#h" {STYLE}/>',
        f'<style>polyline {{fill: none; stroke: #222; stroke-width: 3}}</style><polyline points="{LINE}"/>',
        f'<rect x="-5" y="-5" width="110" height="160" fill="white"/>{SEEN}',
        f'<rect x="-5" y="-5" width="110" height="160"/>{SEEN.replace("black", "white")}',
        SEEN.replace("black", "white"),
        f'{SEEN}<text y="20">house</text><circle r="80" fill="none" stroke="none"/>',
    ],
)
def test_what_is_seen_is_the_drawing(inside: str) -> None:
    got = prepare(read_drawing_bytes(svg(inside), "house.svg"), 112).astype(float)
    expected = prepare(draw_strokes(HOUSE, 1024, 20), 112).astype(float)
    assert np.corrcoef(got.ravel(), expected.ravel())[0, 1] > 0.93


@pytest.mark.parametrize(
    "more", ["", 'width="110" height="160"', 'width="11cm" height="16cm" viewBox="-5 -5 110 160"']
)
def test_a_file_without_a_size_has_one(tmp_path: Path, more: str) -> None:
    path = tmp_path / "house.svg"
    path.write_bytes(b"\xef\xbb\xbf" + svg(f'<polyline points="{LINE}" {STYLE}/>', more))
    assert max(read_drawing_file(path).shape) == 1024


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1"])
def test_encodings(encoding: str) -> None:
    inside = svg(f'<polyline id="h\u00fctte" points="{LINE}" {STYLE}/>').decode()
    data = f'<?xml version="1.0" encoding="{encoding}"?>\n{inside}'.encode(encoding)
    assert (read_drawing_bytes(data, "sketch") < 128).any()


BOMB = '<g id="a0"><path d="M0 0L9 9" stroke="red"/></g>' + "".join(
    f'<g id="a{n}">' + f'<use href="#a{n - 1}"/>' * 10 + "</g>" for n in range(1, 9)
)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'<!DOCTYPE svg [<!ENTITY a "b">]>' + svg("&a;"), "declares the entity 'a'"),
        (
            b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + svg("<text>&a;</text>"),
            "declares the entity",
        ),
        (svg('<image href="/etc/passwd" width="9" height="9"/>'), "refers to '/etc/passwd' outside the file"),
        (svg('<image xlink:href="https://a.example/b.png" width="9" height="9"/>'), "outside the file"),
        (svg('<image href="data:image/svg+xml;base64,PHN2Zz4="/>'), "outside the file"),
        (svg('<use href="other.svg#a"/>'), "refers to 'other.svg#a'"),
        (svg(BOMB), "draws more than 200000 elements"),
        (svg('<g id="a"><use href="#a"/></g>'), "draws more than 200000 elements"),
        (svg("<g>" * 600 + "</g>" * 600), "more than 500 deep"),
        (svg("<g>"), "is not an SVG: mismatched tag"),
        (b"<html><body>404</body></html>", "is XML with <html>, expected <svg>"),
        (svg(""), "no ink"),
        (svg('<path d="M0 0L9 9"/>', 'width="-5" height="0"'), "no ink|cannot be drawn|can be drawn"),
    ],
)
def test_hostile_and_broken_files(data: bytes, message: str) -> None:
    with pytest.raises(SketchError, match=message):
        read_drawing_bytes(data, "a.svg")


def test_the_line_of_pip_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'sketchshape\[svg\]'"):
        read_drawing_bytes(svg(f'<polyline points="{LINE}" {STYLE}/>'), "a.svg")
