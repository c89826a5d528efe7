"""What travels between a worker process and its caller."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any


@dataclass(frozen=True)
class Job:
    """A call.

    Args:
        folder: that relative paths start from; None where it is gone.
        timeout: seconds.
        memory: bytes beyond what the process has at the start of the call.
        call: the function, its arguments and its keywords, pickled.
    """

    folder: str | None
    timeout: float
    memory: float
    call: bytes


class Clock(Enum):
    """What becomes of the time of a call."""

    RUNS = 1
    STANDS = 2


@dataclass(frozen=True)
class Answer:
    """What a call gave.

    Args:
        good: whether `value` is returned; else it is raised.
        value: what was returned or raised.
        warnings: that the caller is to say.
        tired: whether the process should be replaced.
    """

    good: bool
    value: Any
    warnings: tuple[str, ...]
    tired: bool


class OutOfMemory(Exception):
    """A call asked for more memory than its limit."""
