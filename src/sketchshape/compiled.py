"""Functions that numba compiles, and where their machine code is kept; what cannot be kept stops nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core import caching
from numba.core import event as events

from sketchshape.files import cache_dir, private_folder, writable
from sketchshape.say import warn

F = TypeVar("F", bound=Callable[..., Any])
config: Any = numba.config
FunctionCache: Any = caching.FunctionCache
event: Any = events


def compiled(**options: Any) -> Callable[[F], F]:
    """Compile a function when it is first called, and let it run beside other threads.

    Args:
        options: of `numba.njit`.
    """

    def compile(function: F) -> F:
        dispatcher: Any = numba.njit(nogil=True, **options)(function)
        if _keeps():
            with contextlib.suppress(RuntimeError):  # numba finds no folder after all
                dispatcher._cache = _Kept(function)
        return cast(F, dispatcher)

    return compile


class Pauses(events.Listener):
    """Tells when code begins to be compiled, or loaded as it was compiled before, and when that ends.

    Args:
        begin: called at the start.
        end: called at the end.
    """

    def __init__(self, begin: Callable[[], object], end: Callable[[], object]) -> None:
        self._depth, self._begin, self._end = 0, begin, end
        event.register("numba:compiler_lock", self)

    def on_start(self, _: Any) -> None:
        """Count; what a function calls is compiled within it."""
        self._depth += 1
        if self._depth == 1:
            self._begin()

    def on_end(self, _: Any) -> None:
        """Count back."""
        self._depth -= 1
        if not self._depth:
            self._end()


class _Kept(FunctionCache):  # type: ignore[misc]
    """Machine code on disk. A disk that is full, or a file that is damaged, costs time and not the result."""

    def load_overload(self, *args: Any) -> Any:
        try:
            return super().load_overload(*args)
        except Exception:  # a damaged pickle raises anything
            with contextlib.suppress(OSError):
                self.flush()
            return None

    def save_overload(self, *args: Any) -> None:
        with contextlib.suppress(OSError):
            super().save_overload(*args)


def _keeps() -> bool:
    """Choose a folder at the first call, and say whether there is one."""
    global _folder
    if _folder is None:
        _folder = _choose()
    return _folder != ""


def _choose() -> str:
    """Give the folder for machine code, from which functions are run: none that others can write to."""
    if config.CACHE_DIR and writable(Path(config.CACHE_DIR)):
        return str(config.CACHE_DIR)
    config.CACHE_DIR = ""
    beside = Path(__file__).parent / "__pycache__"  # numba's own choice, of each folder of sources
    if writable(beside):
        return str(beside)
    own = cache_dir() / "compiled"
    folder = own if writable(own) else private_folder()
    if folder is None:
        warn("no folder can be written to, so the renderer is compiled each time; set NUMBA_CACHE_DIR to one")
        return ""
    config.CACHE_DIR = str(folder)
    return str(folder)


_folder: str | None = None
