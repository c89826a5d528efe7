"""What one file may take of a machine."""

from __future__ import annotations

from dataclasses import dataclass

from sketchshape.errors import UsageError

TIMEOUT, MEMORY = 60.0, 4e9  # seconds and bytes that a file of a real library does not need


@dataclass(frozen=True)
class Limits:
    """What one file may take of a machine in each step of the work on it, such as being judged or drawn.

    Args:
        timeout: seconds, above 0.
        memory: bytes beyond what the worker has before it reads the file, above 0; on Linux alone.

    Raises:
        UsageError: a limit is not above 0.
    """

    timeout: float = TIMEOUT
    memory: float = MEMORY

    def __post_init__(self) -> None:
        for name in ("timeout", "memory"):
            if not getattr(self, name) > 0:
                raise UsageError(f"{name} is {getattr(self, name)}, expected more than 0")
