"""The structure is a contract: imports go downwards only, without cycles, and torch stays in its place."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import sketchshape

ROOT = Path(sketchshape.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
MOST = 16  # files of one folder
FLOORS = (
    ("errors", "types", "resources", "say"),
    ("zips",),
    ("files", "progress"),
    ("compiled",),
    ("mesh", "images", "metrics"),
    ("config",),
    ("render", "datasets"),
    ("encoders",),
    ("upright",),
    ("engines",),
    ("index",),
    ("search",),
    ("runs",),
    ("train", "report"),
    ("bench",),
    ("web",),
    ("cli",),
    ("__main__",),
)
TRAIN = (  # the floors inside `train`
    ("device", "by_name"),
    ("losses",),
    ("centers",),
    ("models",),
    ("data",),
    ("engine",),
    ("cgn",),
    ("methods",),
    ("trained",),
    ("measure", "pretrain"),
    ("run",),
    ("export",),
)


def imported(path: Path) -> Iterator[str]:
    """Every module of this package that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "sketchshape")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            if node.module and node.module.split(".")[0] == "sketchshape":
                for alias in node.names:
                    whole = f"{node.module}.{alias.name}"
                    yield whole if file_of(whole) else node.module


def file_of(module: str) -> Path | None:
    """The file of a module of this package."""
    place = ROOT.joinpath(*module.split(".")[1:])
    for path in (place / "__init__.py", place.with_suffix(".py")):
        if path.is_file() and module != "sketchshape":
            return path
    return None


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def room(path: Path, depth: int = 0) -> str:
    """The folder or file directly below the package, or below the folder at a depth."""
    return path.relative_to(ROOT).parts[depth].removesuffix(".py")


def upwards(floors: tuple[tuple[str, ...], ...], depth: int, within: str = "") -> list[str]:
    """Name the imports of a room on a higher floor, or another one of the same, and rooms without a floor."""
    level = {part: number for number, floor in enumerate(floors) for part in floor}
    files = [path for path in FILES if not within or room(path) == within]
    inside = [path for path in files if len(path.relative_to(ROOT).parts) > depth and path.stem != "__init__"]
    inside += [
        path for path in files if path.stem == "__init__" and len(path.relative_to(ROOT).parts) > depth + 1
    ]
    wrong = sorted({f"{room(path, depth)} has no floor" for path in inside if room(path, depth) not in level})
    for path in inside:
        for module in imported(path):
            parts = module.split(".")[1:]
            if len(parts) <= depth or (within and parts[0] != within):
                continue
            own, other = room(path, depth), parts[depth]
            if own != other and own in level and level.get(other, 99) >= level[own]:
                wrong.append(f"{name(path)} imports {module}")
    return wrong


def test_imports_go_downwards_only() -> None:
    assert upwards(FLOORS, 0) == []


def test_imports_inside_train_go_downwards_only() -> None:
    assert upwards(TRAIN, 1, "train") == []


def test_nothing_imports_the_bare_package() -> None:
    assert [name(path) for path in FILES if "sketchshape" in set(imported(path))] == []


def test_no_files_import_each_other() -> None:
    graph = {path: {found for m in imported(path) if (found := file_of(m))} - {path} for path in FILES}
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(name(path) for path in error.args[1]))


def test_no_folder_has_more_files_than_one_can_see_at_once() -> None:
    folders = {path.parent for path in ROOT.rglob("*") if path.suffix in (".py", ".toml", ".js", ".css")}
    sizes = {name(folder): sum(one.is_file() for one in folder.iterdir()) for folder in folders}
    assert {folder: size for folder, size in sizes.items() if size > MOST} == {}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_torch_is_imported_in_train_only(path: Path) -> None:
    tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    names = [alias.name for node in tree if isinstance(node, ast.Import) for alias in node.names]
    tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    names += [node.module or "" for node in tree if isinstance(node, ast.ImportFrom)]
    if room(path) != "train":
        assert not [found for found in names if found.split(".")[0] == "torch"]


def test_onnx_runtime_and_numba_are_imported_where_they_are_kept_quiet() -> None:
    found: dict[str, set[str]] = {}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for one in {one.partition(".")[0] for one in names} & {"onnxruntime", "numba"}:
                found.setdefault(one, set()).add(name(path))
    assert found == {"onnxruntime": {"encoders/network.py"}, "numba": {"compiled.py"}}


def test_importing_the_package_loads_neither_torch_nor_the_heavy_parts() -> None:
    code = (
        "import sys, sketchshape as ss;"
        "ss.Mesh, ss.load_mesh, ss.MeshError, ss.render_views, ss.evaluate, ss.Scores;"
        "import sketchshape.report, sketchshape.datasets, sketchshape.cli.main;"
        "sys.exit(', '.join({'torch', 'matplotlib'} & set(sys.modules)) or 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr == ""


def test_the_public_names_are_all_there() -> None:
    for public in sketchshape.__all__:
        assert getattr(sketchshape, public) is not None
    assert sorted(sketchshape.__all__) == sketchshape.__all__
    with pytest.raises(AttributeError, match="no attribute 'absent'"):
        sketchshape.absent  # noqa: B018
