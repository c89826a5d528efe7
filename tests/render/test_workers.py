"""Processes that die, hang or take too much memory take nothing with them, and end with their caller."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sketchshape.errors import MeshError, UsageError
from sketchshape.render.limits import TIMEOUT, Limits
from sketchshape.render.workers import Crew, WorkerDied, stop_idle

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
def spin(): # the interpreter is held all the time, as by a regular expression
    import re; re.match(r"(a*)*b", "a" * 99)
def hoard(size): return len(bytearray(size))
def hidden(size):
    try: bytearray(size)
    except MemoryError as error:
        known = ValueError("is malformed")
        try: raise known from error
        except ValueError as again: raise known from again  # its own cause, as readers do
def waste(): import sys; sys.kept = bytearray(2**30); return pid()
def doubt(): from sketchshape.say import warn; warn("a doubt")
def here(): return os.getcwd()
def unsendable(): return lambda: 0
def heavy(): return sorted({"torch", "matplotlib"} & set(sys.modules))
"""


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("helper")
    (folder / "crew_helper.py").write_text(HELPER)
    sys.path.insert(0, str(folder))
    stop_idle()  # those that are there do not know the folder
    crew = Crew(Limits(timeout=30, memory=1e9))
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

    crew = Crew(Limits())
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
        "from pathlib import Path\n"
        "from sketchshape.render.view_cache import views_of\n"
        "from sketchshape.render.limits import Limits\n"
        "from sketchshape.render.workers import Crew\n"
        "crew = Crew(Limits())\n"
        "try: crew.call(views_of, Path('no.off'), Path('cache'), 1, 32, None, 'shaded')\n"
        "except Exception as error: print(type(error).__name__)\n"
        "print(crew.call(crew_helper.heavy))\n"
        "crew.close()\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split("\n")[:2] == ["MeshError", "[]"]
    assert done.stderr == ""


def test_a_call_that_hangs_is_ended_and_the_next_one_has_a_new_worker(crew: Crew) -> None:
    import crew_helper as far

    first = crew.call(far.pid)
    short, begin = Crew(Limits(timeout=0.5)), time.monotonic()
    for hang in (far.nap, far.spin):
        with pytest.raises(WorkerDied, match=r"took more than 0\.5 s; --timeout allows more"):
            short.call(hang)
    assert time.monotonic() - begin < 30
    assert crew.call(far.pid) != first


def test_time_does_not_run_while_code_is_compiled(crew: Crew, tmp_path: Path) -> None:
    (tmp_path / "crew_slow.py").write_text(
        "import time, numba\n"
        "from numba.core.compiler_lock import global_compiler_lock\n"
        "def compile():\n"
        "    for _ in range(2):\n"
        "        with global_compiler_lock: time.sleep(0.7)\n"
        "    return 7\n"
        "def never(): compile(); time.sleep(60)\n"
    )
    sys.path.insert(0, str(tmp_path))
    try:
        import crew_slow as far

        stop_idle()
        short = Crew(Limits(timeout=0.5))
        assert short.call(far.compile) == 7
        with pytest.raises(WorkerDied, match=r"took more than 0\.5 s"):
            short.call(far.never)
    finally:
        sys.path.remove(str(tmp_path))
        stop_idle()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone counts the memory")
def test_a_call_that_takes_too_much_memory_is_named_and_its_worker_replaced(crew: Crew) -> None:
    import crew_helper as far

    first = crew.call(far.pid)
    assert crew.call(far.hoard, 9 * 10**8) == 9 * 10**8
    assert crew.call(far.pid) == first
    for hoard in (far.hoard, far.hidden):
        with pytest.raises(WorkerDied, match="needs more than 1 GB of memory; --memory allows more"):
            crew.call(hoard, 2 * 10**9)
    second = crew.call(far.pid)
    assert second != first
    large = Crew(Limits(memory=3e9))
    assert large.call(far.hoard, 2 * 10**9) == 2 * 10**9  # the limit is of the call, not of the worker
    assert large.call(far.waste) == second
    assert crew.call(far.pid) != second  # what it keeps counts for the next one


def test_a_worker_that_is_killed_from_outside_is_no_fault_of_the_call(crew: Crew, tmp_path: Path) -> None:
    import crew_helper as far

    stop_idle()
    first = crew.call(far.pid)
    os.kill(first, signal.SIGKILL)  # while it waits
    second = crew.call(far.pid)
    assert second not in (first, os.getpid())
    killer = threading.Timer(0.5, os.kill, (second, signal.SIGKILL))
    killer.start()
    once = Crew(Limits(timeout=2))
    with pytest.raises(WorkerDied, match="took more than 2 s"):  # tried again by another worker
        once.call(far.nap)


def test_what_a_worker_warns_of_and_cannot_send_is_heard(crew: Crew, capfd, monkeypatch) -> None:
    import crew_helper as far

    monkeypatch.setattr("sketchshape.say._warned", set())
    for _ in range(2):
        crew.call(far.doubt)
    assert capfd.readouterr().err == "warning: a doubt\n"
    with pytest.raises(RuntimeError, match="what was made cannot be sent"):
        crew.call(far.unsendable)


def test_relative_paths_start_where_the_caller_is(crew: Crew, tmp_path: Path, monkeypatch) -> None:
    import crew_helper as far

    crew.call(far.pid)
    monkeypatch.chdir(tmp_path)
    assert crew.call(far.here) == str(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it ends with its time limit")
@pytest.mark.parametrize("work", ["nap", "spin"])
def test_no_worker_outlives_a_killed_caller(work: str, tmp_path: Path) -> None:
    (tmp_path / "crew_helper.py").write_text(HELPER)
    script = tmp_path / "script.py"
    script.write_text(
        "import threading, time, crew_helper as far\n"
        "from sketchshape.render.limits import Limits\n"
        "from sketchshape.render.workers import Crew\n"
        "crew = Crew(Limits())\n"
        "print(crew.call(far.pid), flush=True)\n"
        f"threading.Thread(target=crew.call, args=(far.{work},)).start()\n"
        "time.sleep(1)\n"
        "print('works', flush=True)\n"
    )
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as caller:
        worker = int(caller.stdout.readline())
        assert caller.stdout.readline() == "works\n"
        os.kill(worker, 0)
        caller.kill()
        caller.wait()
    for _ in range(100):
        try:
            state = Path(f"/proc/{worker}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return
        if state == "Z":  # ended; nobody here waits for it
            return
        time.sleep(0.1)
    pytest.fail("the worker lives on")


def test_limits_are_above_nothing() -> None:
    with pytest.raises(UsageError, match="timeout is 0, expected more than 0"):
        Limits(timeout=0)
    with pytest.raises(UsageError, match="memory is -1, expected more than 0"):
        Limits(memory=-1)
    assert Limits().timeout == TIMEOUT
