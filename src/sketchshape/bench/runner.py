"""Train many cells, several at a time, each in a process of its own; whatever is done is never done again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from sketchshape.bench.cells import DONE, FAILED, QUERIES, RECORD, Cell

WAIT = 0.05  # seconds between two looks at the workers
GRACE = 60.0  # seconds that an interrupted worker has for finishing its step and saving
ERRORS = "errors.txt"


@dataclass
class _Worker:
    cell: Cell
    process: subprocess.Popen[bytes]
    began: float = field(default_factory=time.monotonic)


class Runner:
    """The processes that train.

    Args:
        inputs: folder of the features.
        jobs: processes at a time; they share the cores.
        say: takes a line of progress.
    """

    def __init__(self, inputs: Path, jobs: int, say: Callable[[str], None]) -> None:
        self.inputs, self.jobs, self.say = inputs, jobs, say
        self.threads = max(1, cores() // jobs)

    def run(self, cells: Sequence[Cell]) -> list[dict[str, Any]]:
        """Train the cells that are not done.

        Args:
            cells: in the order in which they are begun.

        Returns:
            The record of each: done, diverged or failed.

        Raises:
            KeyboardInterrupt: Ctrl-C, after the workers have saved their states.
        """
        waiting = [cell for cell in cells if not _is_done(cell)]
        if kept := len(cells) - len(waiting):
            self.say(f"{kept} of {len(cells)} trainings are done already")
        running: list[_Worker] = []
        with _as_interrupts():
            try:
                self._loop(waiting, running)
            finally:
                _stop(running)
        return [cell.record() or {} for cell in cells]

    def _loop(self, waiting: list[Cell], running: list[_Worker]) -> None:
        total, began = len(waiting), time.monotonic()
        while waiting or running:
            while waiting and len(running) < self.jobs:
                self._start(waiting.pop(0), running)
            for worker in [one for one in running if one.process.poll() is not None]:
                running.remove(worker)
                finished = total - len(waiting) - len(running)
                self.say(f"[{finished}/{total}] {_outcome(worker)}{_left(finished, total, began)}")
            time.sleep(WAIT)

    def _start(self, cell: Cell, running: list[_Worker]) -> None:
        cell.folder.mkdir(parents=True, exist_ok=True)
        for name in (RECORD, QUERIES):  # of other settings, or of a failure
            (cell.folder / name).unlink(missing_ok=True)
        cell.write_task(self.inputs)  # also forgets the checkpoints of another task
        names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
        threads = dict.fromkeys(names, str(self.threads))
        # Threads that wait in a loop take the core from those they wait for: 20 times slower on busy cores.
        threads["OMP_WAIT_POLICY"] = "PASSIVE"
        with (cell.folder / ERRORS).open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "sketchshape.bench.worker", str(cell.folder)],
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                env={**os.environ, **threads},
                process_group=0,  # Ctrl-C reaches this process alone, which passes it on once
            )
            running.append(_Worker(cell, process))


def cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _is_done(cell: Cell) -> bool:
    record = cell.record()
    return record is not None and record["status"] == DONE and (cell.folder / QUERIES).is_file()


def _outcome(worker: _Worker) -> str:
    """Say in a line what became of a training; one that died without a word is recorded as failed."""
    cell = worker.cell
    record = cell.record()
    if record is None:
        code = worker.process.returncode
        reason = f"ended with exit code {code}"
        if code < 0:
            name = signal.Signals(-code).name
            reason = f"killed by {name}" + (": out of memory?" if name == "SIGKILL" else "")
        said = (cell.folder / ERRORS).read_text(encoding="utf-8", errors="replace").strip().splitlines()
        reason = f"{reason}; {said[-1].strip()}" if said else reason
        record = cell.write(FAILED, reason=reason, wall_seconds=time.monotonic() - worker.began)
    if record["status"] != DONE:
        return f"{cell.title}: {record['status']}: {record['reason']}"
    figures = f"mAP {100 * record['scores']['mAP']:.1f}"
    return f"{cell.title}: {figures} in {record['seconds']:.0f} s, {record['peak_mb']:.0f} MB"


def _left(finished: int, total: int, began: float) -> str:
    if finished == total:
        return ""
    seconds = (time.monotonic() - began) / finished * (total - finished)
    return f"; {seconds / 60:.0f} min left" if seconds > 90 else f"; {seconds:.0f} s left"


@contextmanager
def _as_interrupts() -> Iterator[None]:
    """Treat the end of the terminal or of the machine as Ctrl-C, so that no worker is left behind."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python allows no handlers here
        return
    before = {name: signal.signal(name, _interrupt) for name in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _stop(running: Sequence[_Worker]) -> None:
    """Let workers finish their step and save it."""
    for worker in running:
        if worker.process.poll() is None:
            worker.process.send_signal(signal.SIGINT)
    until = time.monotonic() + GRACE
    for worker in running:
        try:
            worker.process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            worker.process.kill()
            worker.process.wait()
