"""Functions that numba compiles, and where their machine code is kept; what cannot be kept stops nothing.

Numba is imported when the first of them is called: half a second that who calls none need not wait.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from sketchshape.files import cache_dir, private_folder, writable
from sketchshape.say import warn

F = TypeVar("F", bound=Callable[..., Any])


def compiled(**options: Any) -> Callable[[F], F]:
    """Compile a function when it is first called, and let it run beside other threads.

    Args:
        options: of `numba.njit`.
    """

    def compile(function: F) -> F:
        later = _Later(function, options)
        if "numba" in sys.modules:
            return cast(F, later.made)
        _waiting.append(later)
        return cast(F, later)

    return compile


def pauses(begin: Callable[[], object], end: Callable[[], object]) -> None:
    """Tell when code begins to be compiled, or loaded as it was compiled before, and when that ends.

    Args:
        begin: called at the start.
        end: called at the end.
    """
    from numba.core import event

    class Pauses(event.Listener):
        depth = 0

        def on_start(self, _: Any) -> None:
            self.depth += 1  # what a function calls is compiled within it
            if self.depth == 1:
                begin()

        def on_end(self, _: Any) -> None:
            self.depth -= 1
            if not self.depth:
                end()

    register: Any = event.register
    register("numba:compiler_lock", Pauses())


class _Later:
    """A function that stands where its compiled one will be as soon as one of them is called."""

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        self.function, self.options = function, options
        functools.update_wrapper(self, function)

    def __call__(self, *args: Any) -> Any:
        _wake()
        return self.made(*args)

    @functools.cached_property
    def made(self) -> Any:
        import numba

        dispatcher: Any = numba.njit(nogil=True, **self.options)(self.function)
        if _keeps():
            with contextlib.suppress(RuntimeError):  # numba finds no folder after all
                dispatcher._cache = _kept()(self.function)
        return dispatcher


def _wake() -> None:
    """Put the compiled functions into their places: they call each other by the names in their modules."""
    with _lock:
        for module in [one for name, one in sys.modules.items() if name.startswith("sketchshape.")]:
            for name, value in list(vars(module).items()):
                if isinstance(value, _Later):
                    setattr(module, name, value.made)
        for later in _waiting:
            names = later.function.__globals__
            names.update({name: later.made for name in [later.function.__name__] if names.get(name) is later})
        _waiting.clear()


@functools.cache
def _kept() -> Any:
    from numba.core import caching

    cache: Any = caching.FunctionCache

    class Kept(cache):  # type: ignore[misc]
        """Machine code on disk; a disk that is full, or a file that is damaged, costs time alone."""

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

    return Kept


def _keeps() -> bool:
    """Choose a folder at the first call, and say whether there is one."""
    global _folder
    if _folder is None:
        _folder = _choose()
    return _folder != ""


def _choose() -> str:
    """Give the folder for machine code, from which functions are run: none that others can write to."""
    import numba

    config: Any = numba.config
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
_waiting: list[_Later] = []
_lock = threading.RLock()
