"""Say what is installed, what is missing, and the remedy."""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sketchshape import files
from sketchshape.cli.options import add_json
from sketchshape.resources import SAMPLE
from sketchshape.say import say_json, shown

REQUIRED = ("numpy", "numba", "pillow", "mapbox-earcut", "rich", "onnxruntime", "platformdirs", "shtab")
EXTRAS = {
    "train": ("torch", "filelock", "safetensors", "matplotlib", "jinja2", "onnx", "onnxscript"),
    "serve": ("fastapi", "uvicorn", "prometheus-client", "python-multipart"),
    "timm": ("timm",),
    "watch": ("watchfiles",),
    "draco": ("DracoPy",),
    "faiss": ("faiss-cpu",),
    "pgvector": ("psycopg", "pgvector"),
    "milvus": ("pymilvus", "milvus-lite"),
    "dae": ("pycollada",),
    "step": ("cascadio",),
}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Args:
        subject: what was looked at.
        state: ok, missing (an optional part) or broken.
        detail: a version, a figure, or what is wrong.
        remedy: what to do; empty when all is well.
    """

    subject: str
    state: str
    detail: str
    remedy: str = ""


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of `doctor`."""
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Look at everything; 1 when a required part is broken."""
    findings = list(examine())
    broken = any(finding.state == "broken" for finding in findings)
    if arguments.json:
        say_json({"healthy": not broken, "findings": [asdict(finding) for finding in findings]})
        return int(broken)
    table = Table(box=None, pad_edge=False)
    for column in ("part", "state", "detail", "remedy"):
        table.add_column(column)
    colors = {"ok": "green", "missing": "yellow", "broken": "red"}
    for finding in findings:
        state = f"[{colors[finding.state]}]{finding.state}[/]"
        table.add_row(finding.subject, state, escape(shown(finding.detail)), escape(shown(finding.remedy)))
    Console().print(table)
    return int(broken)


def examine() -> Iterator[Finding]:
    """Look at Python, packages, the cache, the bundled data and the renderer, one after the other."""
    yield Finding("python", "ok", f"{platform.python_version()} on {platform.machine()}")
    yield Finding("cores", "ok", str(os.cpu_count()))
    for name in REQUIRED:
        yield _package(name, "broken", "pip install --force-reinstall sketchshape")
    for extra, names in EXTRAS.items():
        for name in names:
            yield _package(name, "missing", f"pip install 'sketchshape[{extra}]'")
    for subject, check in _CHECKS.items():
        try:
            yield Finding(subject, "ok", check())
        except Exception as error:
            yield Finding(subject, "broken", f"{type(error).__name__}: {error}", _REMEDIES[subject])
    yield _device()


def _package(name: str, otherwise: str, remedy: str) -> Finding:
    try:
        return Finding(name, "ok", importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, otherwise, "not installed", remedy)


def _cache() -> str:
    folder = files.cache_dir()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as stream:
        stream.write(b"sketchshape")
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return f"{folder} ({size / 1e6:.0f} MB)"


def _renderer() -> str:
    from sketchshape.render import render_views
    from sketchshape.types import Mesh

    cube = Mesh(_CUBE_CORNERS, _CUBE_FACES)  # type: ignore[arg-type]
    start = time.perf_counter()
    render_views(cube)
    first = time.perf_counter() - start
    start = time.perf_counter()
    ink = int((render_views(cube) < 255).sum())
    if not ink:
        raise RuntimeError("a cube gave blank views")
    return f"12 views in {(time.perf_counter() - start) * 1e3:.0f} ms (the first time {first:.1f} s)"


def _sample() -> str:
    from sketchshape.datasets import load_dataset, sample_root

    sample = load_dataset("folder", sample_root())
    return f"{len(sample.classes)} classes, {len(sample.shapes)} shapes"


def _device() -> Finding:
    if importlib.util.find_spec("torch") is None:
        return Finding("training", "missing", "needs torch", "pip install 'sketchshape[train]'")
    from sketchshape.train.device import describe

    return Finding("training", "ok", describe())


_CUBE_CORNERS = [[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)]
_CUBE_FACES = [
    *([0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1]),
    *([2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]),
]
_CHECKS: dict[str, Callable[[], str]] = {"cache": _cache, "renderer": _renderer, "sample": _sample}
_REMEDIES = {
    "cache": "set SKETCHSHAPE_CACHE to a folder that can be written to",
    "renderer": "pip install --force-reinstall numba numpy; set NUMBA_CACHE_DIR to a writable folder",
    "sample": f"reinstall: the sample belongs in {SAMPLE}",
}
