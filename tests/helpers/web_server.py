"""A service on a real socket for tests, and requests to it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from sketchshape.datasets import sample_root
from sketchshape.index import build_index
from sketchshape.web.gate.server import Server, listen
from sketchshape.web.gate.server import settings as settings_of


@contextmanager
def serving(app: FastAPI) -> Iterator[httpx.Client]:
    """Serve an app on a free port of this machine."""
    listening = listen("127.0.0.1", 0)
    settings = settings_of(app)
    settings.timeout_graceful_shutdown = 1
    server = Server(settings)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=60) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


def sketch(name: str, number: int = 0, part: str = "test") -> list[Any]:
    """The strokes of a Quick, Draw! drawing of the bundled sample."""
    lines = (sample_root() / "sketches" / part / f"{name}.ndjson").read_text().splitlines()
    return [stroke[:2] for stroke in json.loads(lines[number])["drawing"]]


def shapes_of(*classes: str, count: int = 3) -> Iterator[tuple[str, Path]]:
    """Class and file of some shapes of the bundled sample."""
    for name in classes:
        for path in sorted((sample_root() / "shapes" / name).iterdir())[:count]:
            yield name, path


def small_index(folder: Path) -> Path:
    """Index two chairs and two keys of the bundled sample: folder/library as folder/index."""
    for name, path in shapes_of("chair", "key", count=2):
        (folder / "library" / name).mkdir(parents=True, exist_ok=True)
        (folder / "library" / name / path.name).write_bytes(path.read_bytes())
    build_index(folder / "library", folder / "index", quiet=True)
    return folder / "index"
