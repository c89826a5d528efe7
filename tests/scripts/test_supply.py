"""What the package needs has licences that are allowed, and can be written down."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def licences() -> ModuleType:
    spec = importlib.util.spec_from_file_location("licences", ROOT / "scripts/supply/licences.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_licence_of_what_is_needed_is_allowed(licences: ModuleType) -> None:
    found = licences.needed()
    assert {"numpy", "numba", "pillow", "scipy", "onnxruntime"} <= found.keys()
    assert {name: text for name, text in found.items() if not licences.is_allowed(text)} == {}


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        *(("MIT", True), ("", False), ("GPL-3.0-only", False), ("AGPL-3.0-or-later", False)),
        *(("GPL-3.0-only OR MIT", True), ("MIT AND GPL-3.0-only", False), ("(MIT AND Zlib) OR X", True)),
        *(("Apache-2.0 WITH LLVM-exception", True), ("MIT WITH something", False)),
    ],
)
def test_what_an_expression_allows(licences: ModuleType, expression: str, allowed: bool) -> None:
    assert licences.is_allowed(expression) is allowed


def test_a_package_with_another_licence_is_marked(licences: ModuleType) -> None:
    good, bad, silent = licences.told({"a": "MIT", "b": "GPL-3.0-only", "c": ""})
    assert good.split() == ["a", "MIT"]
    assert "not allowed" in bad
    assert "tells no licence" in silent


@pytest.mark.slow
def test_what_is_installed_is_written_as_cyclonedx(tmp_path: Path) -> None:
    pytest.importorskip("cyclonedx_py", reason="needs the extra [audit]")
    command = [
        sys.executable,
        "-m",
        "cyclonedx_py",
        "environment",
        "--pyproject",
        str(ROOT / "pyproject.toml"),
    ]
    command += [
        "--output-reproducible",
        "--output-format",
        "JSON",
        "--output-file",
        str(tmp_path / "sbom.json"),
    ]
    subprocess.run([*command, sys.executable], check=True, timeout=120)
    told = json.loads((tmp_path / "sbom.json").read_text())
    assert told["bomFormat"] == "CycloneDX"
    assert told["metadata"]["component"]["name"] == "sketchshape"
    named = {one["name"].lower(): one for one in told["components"]}
    assert {"numpy", "onnxruntime", "pillow"} <= named.keys()
    assert all(
        one["version"] and one["purl"].startswith("pkg:pypi/")
        for one in named.values()
        if one["name"] == "numpy"
    )
