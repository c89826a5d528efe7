"""A small crowd draws at once, with others among them that only hold connections: the benchmark, in short."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("fastapi", reason="needs the extra [serve]")

from web_server import sketch, small_index

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "service.py"


@pytest.fixture(scope="module")
def service() -> ModuleType:
    spec = importlib.util.spec_from_file_location("service_benchmark", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look there
    spec.loader.exec_module(module)
    return module


def test_a_trail_is_the_drawing_growing_to_its_end(service: ModuleType) -> None:
    strokes = sketch("chair")
    moves = service.trail(strokes)
    ends = [[[axis[0], axis[-1]] for axis in stroke] for stroke in moves[-1]]
    assert ends == [[[axis[0], axis[-1]] for axis in stroke] for stroke in strokes]
    lengths = [sum(len(stroke[0]) for stroke in move) for move in moves]
    assert lengths == sorted(lengths)
    assert all(
        set(zip(*old, strict=True)) <= set(zip(*new, strict=True))
        for old, new in zip(strokes, moves[-1], strict=True)
    )


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read where Linux tells it")
@pytest.mark.parametrize(
    ("clients", "seconds", "hostile"), [(8, 4, 20), pytest.param(50, 60, 200, marks=pytest.mark.slow)]
)
def test_all_that_a_crowd_asks_is_answered_and_memory_stays(
    service: ModuleType, tmp_path: Path, clients: int, seconds: int, hostile: int
) -> None:
    found = service.measure(small_index(tmp_path), clients, seconds, hostile)
    assert set(found["statuses"]) == {"200"}
    assert found["connections_lost"] == {}
    assert found["requests"] > clients
    assert found["memory_mb"]["most"] < found["memory_mb"]["warm"] + 30
    assert (found["exit_code"], found["log"]) == (0, "")
