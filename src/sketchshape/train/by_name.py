"""Backbones and methods by their names: the name of a file in their folder is the value of a setting."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from sketchshape.errors import ConfigError


def names_in(folder: Iterable[str]) -> set[str]:
    """Name the files of a folder, but for those that begin with an underscore.

    Args:
        folder: `__path__` of the package.
    """
    return {found.name for found in pkgutil.iter_modules(folder) if found.name[0] != "_"}


def demand_name(setting: str, name: str, known: Sequence[str], others: str = "") -> None:
    """Refuse a name that there is not.

    Args:
        setting: what it is the value of, for the message.
        name: the value.
        known: names that there are.
        others: what else may be written, for the message.

    Raises:
        ConfigError: it is not among them; the message has the nearest one and lists all.
    """
    if name not in known:
        close = get_close_matches(name, known, n=1)
        meant = f"did you mean {close[0]!r}? " if close else ""
        raise ConfigError(f"{setting} is {name!r}; {meant}Expected one of: {', '.join(known)}{others}")


def class_in(module: str, kind: type) -> type[Any]:
    """Find the class of a kind that a module defines; what it imports does not count.

    Args:
        module: its full name.
        kind: a base class.

    Returns:
        The one subclass.
    """
    own = [value for value in vars(import_module(module)).values() if isinstance(value, type)]
    (found,) = [value for value in own if value.__module__ == module and issubclass(value, kind)]
    return found
