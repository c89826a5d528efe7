"""Work on many mesh files at once: given back as they get ready, each error with its file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from sketchshape.errors import MeshError, UsageError
from sketchshape.render.workers import Crew, WorkerDied

T = TypeVar("T")
R = TypeVar("R")


def threads_for(count: int, workers: int | None) -> int:
    """Give the number of threads for so many files.

    Args:
        count: of the files.
        workers: that were asked for; None is one for each processor.

    Raises:
        UsageError: workers is less than 1.
    """
    threads = min(_processors() if workers is None else workers, max(count, 1))
    if threads < 1:
        raise UsageError(f"workers is {workers}, expected at least 1")
    return threads


def safely(crew: Crew, what: str, function: Callable[..., R], path: Path, *args: Any) -> R:
    """Call a function of a file in a worker process.

    Args:
        crew: the worker processes.
        what: is done to the file, such as drawn.
        function: importable under its module and name; it takes the path and `args`.
        path: the file.
        args: what pickles.

    Raises:
        MeshError: whatever goes wrong: a crash of the worker, and a file that goes over a limit, too.
    """
    try:
        return crew.call(function, path, *args)
    except MeshError:
        raise
    except WorkerDied as error:
        raise MeshError(path, f"cannot be {what}: {error}") from error
    except Exception as error:
        raise MeshError(path, f"cannot be {what}: {type(error).__name__}: {error}") from error


def stream(items: Sequence[T], work: Callable[[T], R], threads: int, crew: Crew) -> Iterator[tuple[int, R]]:
    """Work on items in threads, a few ahead of the caller; the crew is closed in the end.

    Yields:
        Index in `items`, and what `work` made of the item.
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix="files")
    waiting: dict[Future[R], int] = {}
    rest = enumerate(items)

    def submit(number: int) -> None:
        for index, item in islice(rest, number):
            waiting[pool.submit(work, item)] = index

    try:
        # No more than this is finished ahead of the caller, who may be slow: views are large.
        submit(2 * threads)
        while waiting:
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                index = waiting.pop(future)
                submit(1)
                yield index, future.result()
    finally:
        crew.close()
        pool.shutdown(wait=True, cancel_futures=True)


def in_order(results: Iterable[tuple[int, R]]) -> Iterator[tuple[int, R]]:
    """Give results by rising index: what got ready early waits for those before it."""
    early: dict[int, R] = {}
    wanted = 0
    for index, result in results:
        early[index] = result
        while wanted in early:
            yield wanted, early.pop(wanted)
            wanted += 1


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
