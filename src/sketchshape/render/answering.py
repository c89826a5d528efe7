"""What a worker process does: it answers calls, each within its limits, until its caller is gone."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pickle
import signal
import sys
import warnings
from collections.abc import Iterator
from typing import IO, Any

from sketchshape.compiled import pauses
from sketchshape.render.calls import Answer, Clock, Job, OutOfMemory
from sketchshape.say import heard

IDLE = 60.0  # seconds without a call after which a worker ends
GRACE = 5.0  # seconds after the time limit in which the caller ends the worker: else it ends itself
TIRED = 2**29  # bytes that a worker may keep from the calls before; one that keeps more is replaced
_SET_PDEATHSIG = 1  # of prctl(2)


def serve(caller: int) -> None:
    """Answer calls from standard input until it closes.

    Args:
        caller: id of the process that started this one.
    """
    _tie_to(caller)
    answers, calls = os.fdopen(os.dup(1), "wb"), sys.stdin.buffer
    clock = _Clock(answers)
    silence = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):  # a library that prints must not write between the answers, nor to the user
        os.dup2(silence, stream)
    warnings.simplefilter("ignore")
    first = _taken()
    with contextlib.suppress(EOFError, BrokenPipeError):
        while _waits(calls):
            job: Job = pickle.load(calls)
            good, value = _answer(job, clock)
            starved = isinstance(value, OutOfMemory)
            tired = starved or _taken() - first > TIRED
            answers.write(_packed(Answer(good, value, tuple(heard), tired)))
            answers.flush()
            heard.clear()


def _answer(job: Job, clock: _Clock) -> tuple[bool, Any]:
    try:
        if job.folder is not None:
            with contextlib.suppress(OSError):
                os.chdir(job.folder)
        function, args, kwargs = pickle.loads(job.call)
        with _limited(job.memory), clock.runs(job.timeout):
            return True, function(*args, **kwargs)
    except Exception as error:
        if _is_starved(error):
            return False, OutOfMemory(
                f"needs more than {job.memory / 1e9:g} GB of memory; --memory allows more"
            )
        return False, _portable(error)


class _Clock:
    """Tells the caller when the time of a call runs: not while its code is compiled, which may take longer.

    Args:
        answers: where the caller listens.
    """

    def __init__(self, answers: IO[bytes]) -> None:
        self._answers, self._timeout = answers, 0.0
        pauses(self._stop, self._start)

    @contextlib.contextmanager
    def runs(self, timeout: float) -> Iterator[None]:
        """Let time run in the block; it may stop in between."""
        self._timeout = timeout
        self._start()
        try:
            yield
        finally:
            self._stop()
            self._timeout = 0

    def _start(self) -> None:
        if self._timeout:
            self._tell(Clock.RUNS)
            _end_after(self._timeout + GRACE)

    def _stop(self) -> None:
        if self._timeout:
            _end_after(0)
            self._tell(Clock.STANDS)

    def _tell(self, state: Clock) -> None:
        self._answers.write(pickle.dumps(state))
        self._answers.flush()


@contextlib.contextmanager
def _limited(memory: float) -> Iterator[None]:
    before = _limit_memory(_taken() + memory)
    try:
        yield
    finally:
        _limit_memory(before)


def _end_after(seconds: float) -> None:
    """Let the system end this process, whatever it is at, should its caller be gone by then; 0: never."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _limit_memory(size: float) -> float:
    """Limit the data of this process in bytes, as Linux counts it; gives the limit before."""
    if sys.platform != "linux":
        return -1
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = hard if size < 0 or (0 <= hard < size) else int(min(size, 2**62))
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
    return soft


def _taken() -> int:
    """The data of this process in bytes, as the limit counts it; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as stream:
            return int(stream.read().split()[5]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _tie_to(caller: int) -> None:
    """End with the caller, leave Ctrl-C to it, and be what the system ends first where memory runs out."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != caller:  # it was gone before
            os._exit(0)
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as stream:
            stream.write("500")
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _waits(calls: Any) -> bool:
    """Wait for a call; False when there was none for long."""
    if os.name != "posix":
        return True
    import select

    return bool(select.select([calls], [], [], IDLE)[0])


def _is_starved(error: BaseException) -> bool:
    """Say whether an error comes from one of memory, however it was explained on the way."""
    seen: list[BaseException] = []
    ahead: list[BaseException | None] = [error]
    while ahead:
        one = ahead.pop()
        if one is not None and one not in seen:  # what is raised again may be its own cause
            seen.append(one)
            ahead += (one.__cause__, one.__context__)
    return any(isinstance(one, MemoryError) for one in seen)


def _packed(answer: Answer) -> bytes:
    try:
        return pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        failed = RuntimeError(f"what was made cannot be sent: {type(error).__name__}: {error}")
        return pickle.dumps(Answer(False, failed, answer.warnings, answer.tired))


def _portable(error: Exception) -> Exception:
    """Give an error as it is where it can be sent, else one that says the same."""
    try:
        pickle.loads(pickle.dumps(error))  # Some exceptions pickle, but cannot be made again.
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
