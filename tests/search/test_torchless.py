"""Indexing, searching and serving work where torch is not installed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from sketchshape.resources import SAMPLE

WITHOUT_TORCH = """
import sys
from importlib.abc import MetaPathFinder

class Absent(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in ("torch", "safetensors", "onnx", "onnxscript", "matplotlib", "jinja2"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
from sketchshape.cli import main
main.COMMANDS = ("index", "search", "serve", "export")
codes = [main.main(line.split("|")) for line in sys.argv[1:]]
assert "torch" not in sys.modules
sys.exit(max(codes))
"""


def commands(tmp_path: Path, *lines: list[str]) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", WITHOUT_TORCH, *("|".join(line) for line in lines)]
    environment = os.environ | {"SKETCHSHAPE_CACHE": str(tmp_path / "cache")}
    return subprocess.run(words, capture_output=True, text=True, env=environment, timeout=300)


def test_index_and_search_need_no_torch(tmp_path: Path) -> None:
    sample = SAMPLE
    library = tmp_path / "library"
    for name in ("chair", "fish"):
        library.mkdir(exist_ok=True)
        (library / name).mkdir()
        for path in sorted((sample / "shapes" / name).iterdir())[:3]:
            (library / name / path.name).write_bytes(path.read_bytes())
    index = str(tmp_path / "index")
    drawing = str(sample / "sketches/test/chair.ndjson")
    result = commands(
        tmp_path, ["index", str(library), "--out", index], ["search", index, drawing, "-k", "1"]
    )
    assert result.returncode == 0, result.stderr
    assert "6 shapes (6 added" in result.stdout
    assert str(library / "chair") in result.stdout.splitlines()[-1]
    answer = ask_a_service(index, Path(drawing).read_bytes().splitlines()[0])
    assert [Path(one["path"]).parent.name for one in answer["shapes"]] == ["chair"] * 3
    assert answer["confidence"] > 0.5


def ask_a_service(index: str, drawing: bytes) -> Any:
    """Serve an index without torch, and search it with the strokes of a Quick, Draw! line."""
    pytest.importorskip("fastapi", reason="needs the extra [serve]")
    words = [sys.executable, "-c", WITHOUT_TORCH, f"serve|{index}|--port|0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = re.search(r"http://[\d.]+:\d+", process.stdout.readline())
            assert address is not None
            body = json.dumps({"strokes": json.loads(drawing)["drawing"], "k": 3}).encode()
            asked = Request(f"{address[0]}/api/search", body, {"Content-Type": "application/json"})
            with urlopen(asked, timeout=60) as response:
                return json.load(response)
        finally:
            process.kill()


@pytest.mark.parametrize("package", ["torch"])
def test_export_says_what_to_install(tmp_path: Path, package: str) -> None:
    (tmp_path / "run").mkdir()
    result = commands(tmp_path, ["export", str(tmp_path / "run"), str(tmp_path / "out")])
    assert result.returncode == 1
    assert result.stderr == (
        f"sketchshape: error: {package} is not installed; run: pip install 'sketchshape[train]'\n"
    )
