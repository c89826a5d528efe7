"""Backbones, one per file: the name of the file is the value of `backbone.name`."""

from __future__ import annotations

import pkgutil
from difflib import get_close_matches
from importlib import import_module

import torch

from sketchshape.errors import ConfigError
from sketchshape.train.models.backbone import Backbone
from sketchshape.train.models.weights import load_weights

__all__ = ["Backbone", "available", "backbone_class", "build_backbone"]


def available() -> tuple[str, ...]:
    """Name the backbones, in alphabetical order."""
    return tuple(sorted(found.name for found in pkgutil.iter_modules(__path__) if found.name[0] != "_"))


def backbone_class(name: str) -> type[Backbone]:
    """Find a backbone by its name.

    Args:
        name: a file in this folder, without its suffix.

    Returns:
        The class.

    Raises:
        ConfigError: there is no such file; the message lists those that exist.
    """
    if name not in available():
        close = get_close_matches(name, available(), n=1)
        meant = f"did you mean {close[0]!r}? " if close else ""
        raise ConfigError(f"backbone.name is {name!r}; {meant}Expected one of: {', '.join(available())}")
    module = import_module(f"{__name__}.{name}")
    own = [value for value in vars(module).values() if getattr(value, "__module__", "") == module.__name__]
    (found,) = [value for value in own if isinstance(value, type) and issubclass(value, Backbone)]
    return found


def build_backbone(name: str, weights: str, size: int, *, seed: int = 0, quiet: bool = False) -> Backbone:
    """Make a backbone with its weights.

    Args:
        name: a file in this folder, without its suffix.
        weights: bundled (ships with the package), imagenet (the published file, downloaded once), none
            (random), or a file: .pth, .safetensors or .npz.
        size: side in pixels of the pictures that it will see.
        seed: of random weights.
        quiet: show no progress of a download.

    Returns:
        The backbone on the CPU, in evaluation mode.

    Raises:
        ConfigError: the name or the weights do not exist, or the size is too small for the architecture.
        ArtefactError: the weights file does not fit the network.
        SketchshapeError: the published file cannot be downloaded.
    """
    kind = backbone_class(name)
    if size < kind.least:
        raise ConfigError(f"backbone.size is {size}, but {name} needs at least {kind.least}")
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        backbone = kind()
        if weights == "none":
            backbone.initialise()
        else:
            load_weights(backbone, weights, quiet=quiet)
    return backbone.eval()
