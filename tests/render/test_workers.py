"""Processes that die take nothing with them."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sketchshape.errors import MeshError
from sketchshape.render.workers import Crew, WorkerDied

HELPER = """
import os, signal, sys, time
from sketchshape.errors import MeshError

class Stubborn(Exception):
    def __init__(self, a, b): super().__init__(a)

def pid(): return os.getpid()
def double(x): return 2 * x
def die(with_signal): os.kill(os.getpid(), with_signal)
def leave(code): os._exit(code)
def chatter(): print("hello"); os.system("echo hello"); return 7
def fail(): raise MeshError("a.off", "is bad", line=3)
def stubborn(): raise Stubborn("no", 1)
def nap(): time.sleep(60)
def heavy(): return sorted({"torch", "matplotlib"} & set(sys.modules))
"""


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("helper")
    (folder / "crew_helper.py").write_text(HELPER)
    sys.path.insert(0, str(folder))
    crew = Crew()
    yield crew
    crew.close()
    sys.path.remove(str(folder))


def test_calls_are_answered_by_one_process_that_lives_on(crew: Crew) -> None:
    import crew_helper as far

    first = crew.call(far.pid)
    assert crew.call(far.double, 21) == 42
    assert crew.call(far.pid) == first


def test_what_a_function_prints_or_raises_does_not_disturb(crew: Crew) -> None:
    import crew_helper as far

    assert crew.call(far.chatter) == 7
    with pytest.raises(MeshError, match=r"a\.off, line 3: is bad"):
        crew.call(far.fail)
    with pytest.raises(RuntimeError, match="Stubborn: no"):
        crew.call(far.stubborn)
    assert crew.call(far.double, 2) == 4


@pytest.mark.parametrize(("number", "says"), [(9, "SIGKILL, perhaps for want of memory"), (11, "SIGSEGV")])
def test_a_killed_worker_is_replaced(crew: Crew, number: int, says: str) -> None:
    import crew_helper as far

    first = crew.call(far.pid)
    with pytest.raises(WorkerDied, match=says):
        crew.call(far.die, number)
    assert crew.call(far.pid) != first


def test_a_worker_that_leaves_is_named_by_its_exit_code(crew: Crew) -> None:
    import crew_helper as far

    with pytest.raises(WorkerDied, match="exit code 5"):
        crew.call(far.leave, 5)


def test_threads_have_a_worker_each(crew: Crew) -> None:
    import crew_helper as far

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda x: crew.call(far.double, x), range(50))) == list(range(0, 100, 2))


def test_closing_ends_calls_that_wait() -> None:
    import crew_helper as far

    crew = Crew()
    threading.Timer(0.5, crew.close).start()
    begin = time.monotonic()
    with pytest.raises(WorkerDied):
        crew.call(far.nap)
    assert time.monotonic() - begin < 30
    with pytest.raises(WorkerDied, match="stopped"):
        crew.call(far.pid)


def test_a_worker_that_draws_has_no_torch_whatever_the_caller_has(tmp_path: Path) -> None:
    script = tmp_path / "script.py"  # without a guard, and with a module that calls itself torch
    (tmp_path / "torch.py").write_text("")
    (tmp_path / "crew_helper.py").write_text(HELPER)
    script.write_text(
        "import sys, torch, crew_helper\n"
        "from sketchshape.render.view_cache import draw\n"
        "from sketchshape.render.workers import Crew\n"
        "crew = Crew()\n"
        "try: crew.call(draw, __import__('pathlib').Path('no.off'), 1, 32, None, 'shaded')\n"
        "except Exception as error: print(type(error).__name__)\n"
        "print(crew.call(crew_helper.heavy))\n"
        "crew.close()\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split("\n")[:2] == ["MeshError", "[]"]
    assert done.stderr == ""
