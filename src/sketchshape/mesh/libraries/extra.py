"""The libraries of readers, imported when a file needs them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from sketchshape.errors import MissingReaderError


def library(path: Path, package: str, extra: str) -> Any:
    """Import a package that one file needs.

    Args:
        path: the file.
        package: the name by which it is imported.
        extra: of sketchshape, that brings it.

    Raises:
        MissingReaderError: it is not installed.
    """
    try:
        return import_module(package)
    except ImportError as error:
        raise MissingReaderError(path, package, extra) from error
