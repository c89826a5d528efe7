"""Call functions in processes of our own that may die, hang or run out of memory without harm to the caller.

Not `multiprocessing`: its processes import the caller's main script again, which brings torch along and
recurses where the script has no guard, and its pool gives up all work when one process dies. These start from
the interpreter alone, so it does not matter what the caller has loaded or in which threads it runs. What they
do is in `answering`.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import IO, ParamSpec, TypeVar, cast

from sketchshape.render.calls import Answer, Clock, Job, OutOfMemory
from sketchshape.render.limits import Limits
from sketchshape.say import WORKER, warn

P = ParamSpec("P")
T = TypeVar("T")
PATIENCE = 1.0  # seconds of work, after the first file is done, from which another worker pays
SLOW = 10.0  # seconds after which it is started although the first file is not done
START = 600.0  # seconds in which a worker starts and compiles what it needs: no file is at fault there


class WorkerDied(Exception):
    """The process ended before it answered, or was ended because it went over a limit.

    Args:
        reason: what happened to it.
        innocent: whether it was ended from outside, or before it began: the call may be tried once more.
    """

    def __init__(self, reason: str, *, innocent: bool = False) -> None:
        super().__init__(reason)
        self.innocent = innocent


class Crew:
    """Worker processes, started when they are needed and used again; to be called from several threads.

    A thread waits for its worker without holding the interpreter, so threads are as fast as processes here.
    Workers outlive their crew: the next one takes those that have nothing to do.

    Args:
        limits: of each call.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._busy: set[_Worker] = set()
        self._due: float | None = None
        self._new = True
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
            WorkerDied: the process was killed, crashed, or went over a limit; the next call starts another.
            Exception: what the function raises.
        """
        job = Job(
            _folder(), self._limits.timeout, self._limits.memory, pickle.dumps((function, args, kwargs))
        )
        try:
            answer = self._ask(job)
        except WorkerDied as error:
            if self._closed or not error.innocent:
                raise
            answer = self._ask(job)
        for text in answer.warnings:
            warn(text)
        if answer.good:
            return cast(T, answer.value)
        if isinstance(answer.value, OutOfMemory):
            raise WorkerDied(str(answer.value))
        raise answer.value

    def close(self) -> None:
        """Stop the workers that are at work; calls that still wait raise WorkerDied."""
        with self._lock:
            self._closed = True
            workers, self._busy = self._busy, set()
        for worker in workers:
            worker.stop()

    def _ask(self, job: Job) -> Answer:
        worker = _REST.take(self._patience())
        with self._lock:
            self._busy.add(worker)
            closed = self._closed
        try:
            if closed:
                raise WorkerDied("the workers are stopped")
            answer = worker.ask(job)
        except BaseException:
            worker.stop()
            raise
        finally:
            with self._lock:
                self._busy.discard(worker)
        self._answered()
        if answer.tired:
            worker.stop()
        else:
            _REST.give(worker)
        return answer

    def _patience(self) -> float:
        """Say how long to wait for a worker before another one is started: nobody waits for the first."""
        with self._lock:
            if self._due is None:
                self._due = time.monotonic() + SLOW
                return 0
            return max(self._due - time.monotonic(), 0)

    def _answered(self) -> None:
        """Bring nearer, with the first answer, when another worker is started."""
        with self._lock:
            if self._new and self._due is not None:
                self._due = min(self._due, time.monotonic() + PATIENCE)
            self._new = False


class _Worker:
    def __init__(self) -> None:
        self._late = False
        path = os.pathsep.join(entry for entry in sys.path if entry)
        own = {"PYTHONPATH": path, WORKER: "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-P",
                "-c",
                f"from sketchshape.render.answering import serve; serve({os.getpid()})",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | own,
        )
        self._to, self._from = cast(IO[bytes], self._process.stdin), cast(IO[bytes], self._process.stdout)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, job: Job) -> Answer:
        begun, left, seconds = False, job.timeout, START
        said: Answer | Clock = Clock.STANDS
        try:
            pickle.dump(job, self._to)
            self._to.flush()
            while not isinstance(said, Answer):
                since = time.monotonic()
                with self._ended_after(seconds):
                    said = pickle.load(self._from)
                if said is Clock.RUNS:
                    begun, seconds = True, left
                elif said is Clock.STANDS:
                    left, seconds = max(left - (time.monotonic() - since), 0.01), START
            return said
        except (EOFError, OSError, ValueError, pickle.UnpicklingError) as error:
            if self._late:
                spent = f"took more than {job.timeout:g} s; --timeout allows more"
                raise WorkerDied(f"was not ready in {START:g} s" if seconds == START else spent) from error
            code = self._process.wait()
            raise WorkerDied(_last_words(code), innocent=not begun or code == -_KILL) from error

    @contextlib.contextmanager
    def _ended_after(self, seconds: float) -> Iterator[None]:
        timer = threading.Timer(seconds, self._end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _end(self) -> None:
        self._late = True
        self._process.kill()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(OSError, ValueError):  # a thread may be reading it still
            self._from.close()
        with contextlib.suppress(OSError):  # What was still to be written has no reader any more.
            self._to.close()


class _Rest:
    """The workers of this process that have nothing to do."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._given = threading.Condition(self._lock)
        self._workers: list[_Worker] = []
        # All are started from one thread that stays: Linux ends a worker with the thread that started it.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="workers")

    def take(self, patience: float) -> _Worker:
        end = time.monotonic() + patience
        while True:
            with self._lock:
                while not self._workers and (left := end - time.monotonic()) > 0:
                    self._given.wait(left)
                worker = self._workers.pop() if self._workers else None
            if worker is None:
                return self._starter.submit(_Worker).result()
            if worker.alive:
                return worker
            worker.stop()

    def give(self, worker: _Worker) -> None:
        with self._lock:
            self._workers.append(worker)
            self._given.notify()

    def stop(self) -> None:
        with self._lock:
            workers, self._workers = self._workers, []
        for worker in workers:
            worker.stop()


def stop_idle() -> None:
    """Stop the workers of this process that have nothing to do; they end by themselves after a minute."""
    _REST.stop()


def _folder() -> str | None:
    """The folder that relative paths start from, which may be gone."""
    try:
        return os.getcwd()
    except OSError:
        return None


def _last_words(code: int) -> str:
    if code >= 0:
        return f"its worker process ended with exit code {code}"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
    scarce = name in ("SIGKILL", "SIGABRT")
    return f"its worker process was ended by signal {name}" + (
        ", perhaps for want of memory" if scarce else ""
    )


def _start_anew() -> None:
    global _REST
    _REST = _Rest()


_KILL = getattr(signal, "SIGKILL", 0)
_REST = _Rest()
atexit.register(stop_idle)
if hasattr(os, "register_at_fork"):  # the workers of a process are not those of its child
    os.register_at_fork(after_in_child=_start_anew)
