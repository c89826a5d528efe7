"""Ctrl-C that waits for the end of a step, so that a checkpoint never holds half of one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any


class Interrupts:
    """While the block runs, the first Ctrl-C is kept until `check`; the second one acts at once.

    Outside the main thread, where Python allows no handlers, nothing changes.
    """

    def __init__(self) -> None:
        self._wanted = False
        self._before: Any = None

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._keep)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def check(self, agree: Callable[[bool], bool] = bool) -> None:
        """Raise the KeyboardInterrupt that was kept, if there is one.

        Args:
            agree: tells of processes that work together whether any was interrupted: all stop at one step.
        """
        if agree(self._wanted):
            self._wanted = False
            raise KeyboardInterrupt

    def _keep(self, number: int, frame: FrameType | None) -> None:
        if self._wanted:
            raise KeyboardInterrupt
        self._wanted = True
