"""Take the pictures of the page for the README: python scripts/docs/screenshots.py [--out docs/images].

Needs the extras [serve] and [dev], and Chromium. Indexes the bundled sample, serves it, and draws with the
mouse, as a person would, what somebody drew in Quick, Draw!
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from sketchshape.datasets import sample_root
from sketchshape.index import build_index
from sketchshape.search import Searcher
from sketchshape.web import create_app

FLAGS = (
    *("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
LARGEST = 300_000  # bytes of a picture
READY = (
    "!sketchshape.live.busy && [...document.querySelectorAll('.tile img')]"
    ".every(image => image.complete || image.getBoundingClientRect().top > innerHeight)"
)


@dataclass(frozen=True)
class Shot:
    """A picture to take.

    Args:
        name: of the file.
        drawn: class and number of the drawing.
        size: of the window.
        phone: with a finger instead of a mouse.
        dark: in the dark colours.
        opened: rank of the result that is opened in three dimensions; None shows the grid.
    """

    name: str
    drawn: tuple[str, int]
    size: tuple[int, int] = (1280, 800)
    phone: bool = False
    dark: bool = False
    opened: int | None = None


SHOTS = (
    Shot("page.png", ("chair", 0)),
    Shot("page-phone.png", ("cactus", 6), (390, 844), phone=True),
    Shot("page-dark.png", ("couch", 2), dark=True, opened=0),
)


def main() -> None:
    """Take every picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/images"), help="folder of the pictures")
    folder: Path = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as index, sync_playwright() as runner:
        build_index(sample_root() / "shapes", index, quiet=True)
        browser = runner.chromium.launch(executable_path=_browser(), args=FLAGS)
        with _served(Path(index)) as address:
            for shot in SHOTS:
                data = reduced(take(browser, address, shot))
                (folder / shot.name).write_bytes(data)
                print(f"{folder / shot.name}: {len(data) / 1e3:.0f} kB")
        browser.close()


def take(browser: Any, address: str, shot: Shot) -> bytes:
    """Draw, wait for the results, and take a picture: PNG."""
    width, height = shot.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=2,
        color_scheme="dark" if shot.dark else "light",
        reduced_motion="reduce",  # nothing is caught in the middle of a movement
        is_mobile=shot.phone,
        has_touch=shot.phone,
    )
    page = context.new_page()
    page.set_default_timeout(120_000)  # three dimensions without a graphics card
    page.goto(address)
    page.wait_for_selector("html[data-ready]", state="attached")
    _draw(page, _strokes(*shot.drawn))
    if shot.opened is not None:
        page.locator(".tile .open").nth(shot.opened).click()
        page.wait_for_selector(".stage.ready")
        page.evaluate("document.activeElement.blur()")
    page.mouse.move(width - 2, height - 2)
    _settle(page)
    data: bytes = page.screenshot()
    context.close()
    return data


def reduced(data: bytes) -> bytes:
    """Write a picture with as many colours as leave it small, 256 at most."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    for colours in (256, 128, 64):
        stream = io.BytesIO()
        few = picture.quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        few.save(stream, "PNG", optimize=True)
        if stream.tell() < LARGEST:
            return stream.getvalue()
    raise SystemExit(f"a picture has {stream.tell()} bytes, more than {LARGEST}")


def _draw(page: Page, strokes: list[Any]) -> None:
    box = page.locator("#canvas").bounding_box()
    assert box is not None
    xs = [x for stroke in strokes for x in stroke[0]]
    ys = [y for stroke in strokes for y in stroke[1]]
    scale = 0.7 * box["width"] / max(max(xs) - min(xs), max(ys) - min(ys))
    left = box["x"] + box["width"] / 2 - (max(xs) + min(xs)) / 2 * scale
    top = box["y"] + box["height"] / 2 - (max(ys) + min(ys)) / 2 * scale
    for stroke in strokes:
        points = [(left + x * scale, top + y * scale) for x, y in zip(*stroke[:2], strict=True)]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point)
        page.mouse.up()
    _settle(page)


def _settle(page: Page) -> None:
    for _ in range(400):
        page.wait_for_timeout(100)
        if page.evaluate(READY):
            page.wait_for_timeout(300)
            return
    raise SystemExit("the page does not come to rest")


def _strokes(name: str, number: int) -> list[Any]:
    lines = (sample_root() / "sketches/test" / f"{name}.ndjson").read_text().splitlines()
    return list(json.loads(lines[number])["drawing"])


def _browser() -> str:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        raise SystemExit("no browser; install one: apt-get install chromium")
    return found


@contextmanager
def _served(index: Path) -> Iterator[str]:
    searcher = Searcher.open(index)
    searcher.search([[[0, 9, 9], [0, 0, 9]]], 1)  # the encoder is loaded before anybody looks
    app = create_app(searcher, full_paths=False)  # where the sample lies is of no interest
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


if __name__ == "__main__":
    main()
