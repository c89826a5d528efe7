"""Nothing is unpickled that came from a file, and nothing is run that came as text: held for every source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import sketchshape

ROOT = Path(sketchshape.__file__).parent
PICKLES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
RUNS = {"eval", "exec", "compile"}
OWN = {"render/workers.py", "render/answering.py"}  # what a process and its own workers tell each other


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def nodes() -> Iterator[tuple[str, ast.AST]]:
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield name(path), node


def called(node: ast.Call) -> str:
    return ast.unparse(node.func)


def test_pickles_are_between_a_process_and_its_workers_only() -> None:
    found = set()
    for path, node in nodes():
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        if PICKLES & {one.partition(".")[0] for one in names}:
            found.add(path)
    assert found <= OWN


def test_torch_loads_published_weights_only_and_those_without_objects() -> None:
    calls = [
        (path, node) for path, node in nodes() if isinstance(node, ast.Call) and called(node) == "torch.load"
    ]
    assert [path for path, _ in calls] == ["train/models/weights.py"]  # .pth, as torchvision gives them out
    for _, node in calls:
        given = {one.arg: ast.unparse(one.value) for one in node.keywords}
        assert given["weights_only"] == "True"


def test_arrays_have_no_objects() -> None:
    for path, node in nodes():
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            assert ast.unparse(node.value) == "False", path
        if isinstance(node, ast.Call) and called(node).endswith(("read_pickle", "load_file", "loads")):
            assert called(node) in {"json.loads", "tomllib.loads", "pickle.loads"}, path


def test_no_text_is_run() -> None:
    for path, node in nodes():
        if isinstance(node, ast.Call):
            assert called(node) not in RUNS | {"os.system", "os.popen"}, path
            given = {one.arg: ast.unparse(one.value) for one in node.keywords}
            assert given.get("shell") in (None, "False"), path
