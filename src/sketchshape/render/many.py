"""Work on many mesh files at once: given back as they get ready, each error with its file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from sketchshape.errors import MeshError, UsageError
from sketchshape.render.workers import Crew, WorkerDied

SMALL = 16
"""Up to so many files are worked on in this process: starting workers takes longer."""
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


def crew_for(count: int) -> Crew | None:
    """Give worker processes for so many files; None up to SMALL of them."""
    return Crew() if count > SMALL else None


def safely(crew: Crew | None, what: str, function: Callable[..., R], path: Path, *args: Any) -> R:
    """Call a function of a file in a worker process, or here where there is none.

    Args:
        crew: the worker processes; None calls it in this process.
        what: is done to the file, such as drawn.
        function: importable under its module and name; it takes the path and `args`.
        path: the file.
        args: what pickles.

    Raises:
        MeshError: whatever goes wrong, a crash of the worker too.
    """
    try:
        return crew.call(function, path, *args) if crew else function(path, *args)
    except MeshError:
        raise
    except WorkerDied as error:
        raise MeshError(path, f"cannot be {what}: {error}") from error
    except Exception as error:
        raise MeshError(path, f"cannot be {what}: {type(error).__name__}: {error}") from error


def stream(
    items: Sequence[T], work: Callable[[T], R], threads: int, crew: Crew | None
) -> Iterator[tuple[int, R]]:
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
        if crew:
            crew.close()
        pool.shutdown(wait=True, cancel_futures=True)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
