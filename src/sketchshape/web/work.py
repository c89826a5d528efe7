"""Threads for what computes, with a bound on how much may wait for them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from sketchshape.web.problems import Problem

P = ParamSpec("P")
T = TypeVar("T")


class Work:
    """A pool of threads that refuses rather than queueing without end.

    Searches have threads of their own, so that a page of new thumbnails never delays a drawing.

    Args:
        workers: threads of each of the two kinds.
        waiting: calls of each kind that may run or wait; one more is refused.
    """

    def __init__(self, workers: int, waiting: int) -> None:
        self._pools = {
            kind: ThreadPoolExecutor(workers, thread_name_prefix=f"web-{kind}")
            for kind in ("search", "files")
        }
        self._places = {kind: threading.BoundedSemaphore(waiting) for kind in self._pools}

    async def search(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a search in a thread.

        Raises:
            Problem: 503 when too much is waiting.
        """
        return await self._run("search", lambda: call(*args, **kwargs))

    async def files(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run what reads or draws a file in a thread.

        Raises:
            Problem: 503 when too much is waiting.
        """
        return await self._run("files", lambda: call(*args, **kwargs))

    def close(self) -> None:
        """End the threads; what waits is dropped."""
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, kind: str, call: Callable[[], T]) -> T:
        place = self._places[kind]
        if not place.acquire(blocking=False):
            raise Problem(503, "busy", "Too many requests are waiting; try again in a second.")
        # Without a callback of its own a cancelled request would give its place back while it still computes.
        future = self._pools[kind].submit(call)
        future.add_done_callback(lambda _: place.release())
        return await asyncio.wrap_future(future)
