"""Time from the pen to updated results in a real browser, with libraries of 10,000 and 100,000 shapes.

Run: python benchmarks/page.py [--shapes 10000 100000 --drawings 12]

The page, the service and the encoders that ship; the browser is headless Chromium. The libraries are the
bundled sample over and over, with vectors of their own (real ones with noise), so that nothing is answered
from a cache. Drawings of the sample's test part are drawn at 60 moves a second. Two times are told: from the
newest move that a result knows of until it is on the screen, and the same from every single move.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

from sketchshape.datasets import sample_root
from sketchshape.encoders import Bundle
from sketchshape.index import build_index
from sketchshape.index.catalogue import Catalogue, set_fact
from sketchshape.index.contents import open_vectors, row_count

ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
]  # no emulated graphics card: nothing here needs one
NOISE = 0.03  # of each of the 256 numbers: the cosine with the original stays near 0.9
LISTEN = """
window.moves = []
window.shown = []
const canvas = document.getElementById('canvas')
canvas.addEventListener('pointermove', e => { if (e.buttons) moves.push(e.timeStamp) })
document.addEventListener('results', e => shown.push(e.detail))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shapes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--drawings", type=int, default=12)
    parser.add_argument("--browser", default=shutil.which("chromium") or shutil.which("google-chrome"))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build_index(sample_root() / "shapes", folder / "sample", quiet=True)
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        for count in asked.shapes:
            index = folder / str(count)
            shutil.copytree(folder / "sample", index)
            grow(index, count, folder / f"files-{count}")
            measure(index, count, asked.drawings, asked.browser)


def grow(index: Path, count: int, files: Path) -> None:
    """Fill an index up to `count` shapes: copies of those in it, with noise on their vectors."""
    rng = np.random.default_rng(0)
    catalogue, width = Catalogue(index), Bundle.open().width
    vectors = open_vectors(catalogue, width)
    entries = catalogue.entries()
    contents = {row[0]: row for row in catalogue.rows("SELECT * FROM content")}
    keys = dict(catalogue.rows("SELECT shape, content FROM stand WHERE place = 0"))
    first = row_count(catalogue)
    real = vectors.read(first).copy()
    more = count - len(entries)
    chosen = rng.integers(len(entries), size=more)
    noisy = real[[contents[keys[entries[n].id]][1] for n in chosen]]
    noisy += NOISE * rng.standard_normal(noisy.shape, dtype=np.float32)
    noisy /= np.linalg.norm(noisy, axis=1, keepdims=True)
    vectors.append(list(noisy), first)
    with catalogue.transaction() as base:
        columns = ", ".join("?" * len(next(iter(contents.values()))))
        for row, n in enumerate(chosen, first):
            entry = entries[n]
            path = files / str(row // 1000) / f"{row}-{entry.path.name}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(entry.path)
            key = f"{keys[entry.id]} {row}"
            base.execute(f"INSERT INTO content VALUES ({columns})", (key, row, *contents[keys[entry.id]][2:]))
            shape = base.execute(
                "INSERT INTO shape (path, size, mtime, hash, format, tags, grp) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    *(str(path), entry.size, int(entry.mtime * 1e9), entry.hash, entry.format),
                    *(json.dumps(entry.tags), row),
                ),
            )
            base.execute("INSERT INTO stand VALUES (?, 0, ?, ?)", (shape.lastrowid, entry.up, key))
        set_fact(base, "rows", first + more)


def measure(index: Path, count: int, drawings: int, browser: str | None) -> None:
    """Draw in the browser and print p50 and p95."""
    command = [str(Path(sys.executable).with_name("sketchshape")), "serve", str(index), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as runner:
        assert server.stdout is not None
        address = next(word for word in server.stdout.readline().split() if word.startswith("http"))
        chromium = runner.chromium.launch(executable_path=browser, args=ARGS)
        page = chromium.new_page(viewport={"width": 1280, "height": 860})
        page.goto(address)
        page.wait_for_selector("html[data-ready] .tile", state="attached")
        page.evaluate(LISTEN)
        newest, every = [], []
        for number, strokes in enumerate(sketches(drawings + 2)):
            draw(page, strokes)
            moves, shown = page.evaluate("[moves.splice(0), shown.splice(0)]")
            page.keyboard.press("Delete")
            page.wait_for_timeout(300)
            page.evaluate("shown.splice(0)")
            if number < 2:  # the first ones warm up
                continue
            newest += [one["now"] - one["at"] for one in shown]
            every += [
                next((one["now"] for one in shown if one["at"] >= move), np.nan) - move for move in moves
            ]
        chromium.close()
        server.terminate()
    for what, times in (("newest move", newest), ("every move", every)):
        p50, p95 = np.nanpercentile(times, [50, 95])
        print(f"{count:>7} shapes, {what:>11}: p50 {p50:5.0f} ms, p95 {p95:5.0f} ms ({len(times)} times)")


def sketches(count: int) -> list[list[Any]]:
    """Drawings of different classes of the sample."""
    files = sorted((sample_root() / "sketches" / "test").glob("*.ndjson"))
    lines = [path.read_text().splitlines()[0] for path in files[:: max(1, len(files) // count)]]
    return [json.loads(line)["drawing"] for line in lines[:count]]


def draw(page: Any, strokes: list[Any]) -> None:
    """Draw with the mouse at 60 moves a second."""
    box = page.locator("#canvas").bounding_box()
    points = [np.array(stroke[:2], float).T for stroke in strokes]
    whole = np.concatenate(points)
    scale = 0.7 * box["width"] / np.ptp(whole, axis=0).max()
    middle = np.array([box["x"], box["y"]]) + box["width"] / 2
    for stroke in points:
        placed = (stroke - (whole.max(0) + whole.min(0)) / 2) * scale + middle
        page.mouse.move(*placed[0])
        page.mouse.down()
        for start, end in pairwise(placed):
            steps = max(1, int(np.linalg.norm(end - start) // 20))
            for step in range(1, steps + 1):
                then = time.perf_counter() + 1 / 60
                page.mouse.move(*(start + (end - start) * step / steps))
                page.wait_for_timeout(max(0, then - time.perf_counter()) * 1e3)
        page.mouse.up()
    page.wait_for_timeout(400)


if __name__ == "__main__":
    main()
