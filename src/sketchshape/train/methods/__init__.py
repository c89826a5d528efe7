"""The compared methods, one per file: the name of the file is the value of `method` in a benchmark."""

from __future__ import annotations

import pkgutil
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from sketchshape.config import run as settings
from sketchshape.errors import ConfigError
from sketchshape.train.data.inputs import Inputs
from sketchshape.train.methods._base import Contender, Task

__all__ = ["Contender", "Task", "available", "contend", "options_class"]


def available() -> tuple[str, ...]:
    """Name the methods, in alphabetical order."""
    return tuple(sorted(found.name for found in pkgutil.iter_modules(__path__) if found.name[0] != "_"))


def options_class(name: str) -> type[Any]:
    """Find the settings of a method.

    Args:
        name: a file in this folder, without its suffix.

    Returns:
        A frozen dataclass of scalars, which `sketchshape.config.from_tree` can read.

    Raises:
        ConfigError: there is no such file; the message lists those that exist.
    """
    found: type[Any] = _module(name).Options
    return found


def contend(
    name: str,
    inputs: Inputs,
    run: settings.Run,
    options: Any,
    seed: int,
    folder: Path,
    device: torch.device,
    *,
    quiet: bool = False,
) -> Contender:
    """Train a method on frozen features, or go on where an earlier call was stopped.

    Args:
        name: a file in this folder, without its suffix.
        inputs: features of the frozen backbone; only `shapes`, `train` and `classes` are learned from.
        run: settings that hold for all methods.
        options: of the method, an instance of its `options_class`.
        seed: of weights and batches, 0 or more.
        folder: of checkpoints and logs.
        device: where to compute.
        quiet: print nothing.

    Returns:
        The trained method.

    Raises:
        ConfigError: there is no such method, its options are those of another one, or the run fine-tunes
            its backbones or has a words head.
        DivergedError: a loss is infinite or not a number.
    """
    module = _module(name)
    if type(options) is not module.Options:
        raise ConfigError(f"options of {name} are {options!r}, expected {module.__name__}.Options")
    if run.train.trunk != "frozen":
        raise ConfigError(f"train.trunk is {run.train.trunk!r}; methods are compared on features: set frozen")
    if run.words.weight:
        raise ConfigError(f"words.weight is {run.words.weight}; methods are compared without: set 0")
    found: Contender = module.contend(Task(name, inputs, run, seed, folder, device, quiet), options)
    return found


def _module(name: str) -> ModuleType:
    if name not in available():
        close = get_close_matches(name, available(), n=1)
        meant = f"did you mean {close[0]!r}? " if close else ""
        raise ConfigError(f"method is {name!r}; {meant}Expected one of: {', '.join(available())}")
    return import_module(f"{__name__}.{name}")
