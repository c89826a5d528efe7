"""What the libraries of pictures say of damaged files is not for the user: one error is, or a picture."""

from __future__ import annotations

import ctypes
import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ctypes.util import find_library
from functools import cache
from importlib.metadata import PackageNotFoundError, files

import numpy as np

logging.getLogger("PIL").addHandler(logging.NullHandler())  # or Python prints it where nobody listens
_lock = threading.Lock()
_within = 0
_caught = warnings.catch_warnings()


@contextmanager
def quiet() -> Iterator[None]:
    """Let Pillow, NumPy and libtiff warn nobody.

    The filters of warnings belong to the process: the first thread that comes in sets them, and the last one
    that goes out puts them back.
    """
    global _within, _caught
    with _lock:
        _within += 1
        if _within == 1:
            _caught = warnings.catch_warnings()
            _caught.__enter__()
            warnings.simplefilter("ignore")
    _hush_tiff()
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        with _lock:
            _within -= 1
            if _within == 0:
                _caught.__exit__(None, None, None)


@cache
def _hush_tiff() -> None:
    """Take away what libtiff calls to print to standard error, in the library that Pillow has loaded."""
    names = list[str]()
    with suppress(PackageNotFoundError):
        names += [str(file.locate()) for file in files("pillow") or [] if file.name.startswith("libtiff")]
    with suppress(OSError, AttributeError):
        for name in names or [find_library("tiff") or ""]:
            library = ctypes.CDLL(name) if name else None
            for handler in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
                function = getattr(library, handler)
                function.restype, function.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
                function(None)
