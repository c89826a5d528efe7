"""The structure is a contract: imports go downwards only, and torch stays in its place."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import sketchshape

ROOT = Path(sketchshape.__file__).parent
FLOORS = (
    ("errors", "types"),
    ("settings", "files", "progress", "config"),
    ("mesh", "images", "metrics"),
    ("render", "datasets"),
    ("search",),
    ("train",),
    ("report",),
    ("bench",),
    ("web",),
    ("cli",),
    ("__main__",),
)
LEVEL = {part: level for level, floor in enumerate(FLOORS) for part in floor}
FILES = sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


def imported(path: Path) -> list[str]:
    """Every module that a file imports, also inside functions."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.append(node.module or "")
            if node.module == "sketchshape":
                names += [f"sketchshape.{alias.name}" for alias in node.names]
    return names


def part(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def test_every_part_has_a_floor() -> None:
    assert {part(path) for path in FILES} <= set(LEVEL)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_downwards_only(path: Path) -> None:
    own = part(path)
    for name in imported(path):
        if name.startswith("sketchshape."):
            other = name.split(".")[1]
            if other in LEVEL and other != own:
                assert LEVEL[other] < LEVEL[own], f"{own} imports {other}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_torch_is_imported_in_train_only(path: Path) -> None:
    if part(path) != "train":
        assert not [name for name in imported(path) if name.split(".")[0] == "torch"]


def test_importing_the_package_loads_neither_torch_nor_the_heavy_parts() -> None:
    code = (
        "import sys, sketchshape as ss;"
        "ss.Mesh, ss.load_mesh, ss.MeshError, ss.render_views, ss.evaluate, ss.Scores;"
        "import sketchshape.report, sketchshape.datasets, sketchshape.cli.main;"
        "sys.exit(', '.join({'torch', 'matplotlib'} & set(sys.modules)) or 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr == ""


def test_the_public_names_are_all_there() -> None:
    for name in sketchshape.__all__:
        assert getattr(sketchshape, name) is not None
    assert sorted(sketchshape.__all__) == sketchshape.__all__
    with pytest.raises(AttributeError, match="no attribute 'absent'"):
        sketchshape.absent  # noqa: B018
