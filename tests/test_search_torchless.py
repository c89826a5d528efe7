"""Indexing and searching work where torch is not installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import sketchshape

WITHOUT_TORCH = """
import sys
from importlib.abc import MetaPathFinder

class Absent(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in ("torch", "safetensors", "onnx", "onnxscript", "matplotlib", "jinja2"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
from sketchshape.cli import main
main.COMMANDS = ("index", "search", "export")
codes = [main.main(line.split("|")) for line in sys.argv[1:]]
assert "torch" not in sys.modules
sys.exit(max(codes))
"""


def commands(tmp_path: Path, *lines: list[str]) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", WITHOUT_TORCH, *("|".join(line) for line in lines)]
    environment = os.environ | {"SKETCHSHAPE_CACHE": str(tmp_path / "cache")}
    return subprocess.run(words, capture_output=True, text=True, env=environment, timeout=300)


def test_index_and_search_need_no_torch(tmp_path: Path) -> None:
    sample = Path(sketchshape.__file__).parent / "sample"
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


@pytest.mark.parametrize("package", ["torch"])
def test_export_says_what_to_install(tmp_path: Path, package: str) -> None:
    (tmp_path / "run").mkdir()
    result = commands(tmp_path, ["export", str(tmp_path / "run"), str(tmp_path / "out")])
    assert result.returncode == 1
    assert result.stderr == (
        f"sketchshape: error: {package} is not installed; run: pip install 'sketchshape[train]'\n"
    )
