"""Call functions in processes of our own that may die without taking anything else with them.

Not `multiprocessing`: its processes import the caller's main script again, which brings torch along and
recurses where the script has no guard, and its pool gives up all work when one process dies. These start from
the interpreter alone, so it does not matter what the caller has loaded or in which threads it runs.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any, ParamSpec, TypeVar, cast

from sketchshape.say import WORKER

P = ParamSpec("P")
T = TypeVar("T")


class WorkerDied(Exception):
    """The process ended before it answered."""


class Crew:
    """Worker processes, started when they are needed and used again; to be called from several threads.

    A thread waits for its worker without holding the interpreter, so threads are as fast as processes here.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._closed = False

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function in a worker.

        Args:
            function: importable under its module and name.
            args: what pickles.
            kwargs: what pickles.

        Returns:
            What the function returns.

        Raises:
            WorkerDied: the process was killed or crashed; the next call starts another one.
            Exception: what the function raises.
        """
        with self._lock:
            if self._closed:
                raise WorkerDied("the workers are stopped")
            worker = self._idle.pop() if self._idle else _Worker()
            self._all.add(worker)
        try:
            good, value = worker.ask((function, args, kwargs))
        except BaseException:
            with self._lock:
                self._all.discard(worker)
            worker.stop()
            raise
        with self._lock:
            self._idle.append(worker)
        if good:
            return cast(T, value)
        raise value

    def close(self) -> None:
        """Stop all workers at once; calls that still wait raise WorkerDied."""
        with self._lock:
            self._closed = True
            workers, self._all = self._all, set()
        for worker in workers:
            worker.stop()


class _Worker:
    def __init__(self) -> None:
        path = os.pathsep.join(entry for entry in sys.path if entry)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", f"from {__name__} import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": path, WORKER: "1"},
        )
        self._to, self._from = cast(IO[bytes], self._process.stdin), cast(IO[bytes], self._process.stdout)

    def ask(self, job: Any) -> tuple[bool, Any]:
        try:
            pickle.dump(job, self._to)
            self._to.flush()
            return cast(tuple[bool, Any], pickle.load(self._from))
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            raise WorkerDied(_last_words(self._process.wait())) from error

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._from.close()
        with suppress(OSError):  # What was still to be written has no reader any more.
            self._to.close()


def _last_words(code: int) -> str:
    if code >= 0:
        return f"its worker process ended with exit code {code}"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
    return f"its worker process was ended by signal {name}" + (
        ", perhaps for want of memory" if name == "SIGKILL" else ""
    )


def serve() -> None:
    """Answer calls from standard input until it closes: what a worker process runs."""
    # Ctrl-C reaches the whole group; the caller alone decides what happens then.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # A library that prints must not write between the answers.
    while True:
        try:
            function, args, kwargs = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            answer = pickle.dumps((True, function(*args, **kwargs)), pickle.HIGHEST_PROTOCOL)
        except Exception as error:
            answer = _failure(error)
        try:
            answers.write(answer)
            answers.flush()
        except BrokenPipeError:
            return


def _failure(error: Exception) -> bytes:
    try:
        answer = pickle.dumps((False, error))
        pickle.loads(answer)  # Some exceptions pickle, but cannot be made again.
    except Exception:
        return pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
    return answer
