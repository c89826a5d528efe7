"""Shapes are turned while the service runs: one choice at a time, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from sketchshape.index import turn_shape
from sketchshape.index.lock import InWork
from sketchshape.web.library import Library
from sketchshape.web.problems import Problem

SOON = 10.0  # seconds that an answer may wait for one shape; a folder is not waited for
EARLY = 0.3  # seconds in which it shows whether a folder can be turned at all


class Turn(BaseModel):
    """Which way up a shape stands."""

    model_config = ConfigDict(extra="forbid")

    up: Literal["auto", "y", "z", "x", "-y", "-z", "-x"] = Field(
        description="The axis of the file that points up; auto: as the shape is judged."
    )
    folder: bool = Field(
        False, description="For all files of its format in its folder and below, those to come too."
    )


class Turning:
    """Turns shapes of a library, and lets the searches that come after see them so.

    Args:
        library: that is served.
        allowed: whether shapes may be turned at all.
    """

    def __init__(self, library: Library, *, allowed: bool) -> None:
        self.allowed = allowed
        self._library = library
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="web-turn")
        self._lock = threading.Lock()
        self._now: Future[None] | None = None
        self.done = self.total = 0
        self.failed = ""

    @property
    def running(self) -> bool:
        """Whether a choice is at work."""
        return self._now is not None and not self._now.done()

    async def turn(self, id: int, ask: Turn) -> None:
        """Turn a shape, and wait for it; a folder goes on after this returns.

        Raises:
            Problem: shapes may not be turned, another turn is at work, or another process holds the index.
            SketchshapeError: the file changed.
        """
        if not self.allowed:
            raise Problem(403, "read-only", "This service is read-only: shapes cannot be turned here.")
        self._library.entry(id)
        with self._lock:
            if self.running:
                raise Problem(409, "turning", "Other shapes are being turned; try again in a moment.")
            self.done = self.total = 0
            self.failed = ""
            self._now = self._pool.submit(self._work, id, ask)
        work = asyncio.wrap_future(self._now)
        await asyncio.wait({work}, timeout=EARLY if ask.folder else SOON)
        if work.done():
            work.result()

    def close(self) -> None:
        """End the thread; what it is at ends first."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _work(self, id: int, ask: Turn) -> None:
        library = self._library
        try:
            turn_shape(
                library.index,
                id,
                ask.up,
                folder=ask.folder,
                bundle=library.searcher.bundle,
                told=self._told,
            )
            library.reload()
        except InWork:
            self.failed = "The library is being indexed at the moment; try again when that is done."
            raise Problem(409, "indexing", self.failed) from None
        except Exception as error:
            self.failed = f"Not all shapes could be turned: {type(error).__name__}."
            raise

    def _told(self, done: int, total: int) -> None:
        self.done, self.total = done, total
