"""The identity of a run: the hash of all settings that decide its numbers, computed once and handed down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sketchshape.config import to_tree
from sketchshape.config.run import RunSettings, StageSettings
from sketchshape.files import digest

FORMAT = 2  # raised when a default changes, since only what differs from the defaults is hashed


def identity(run: RunSettings) -> str:
    """Hash what decides the numbers of one seed: all settings but names, paths, device and list of seeds.

    Settings that have their defaults do not count, so a setting that is added later leaves older runs valid.
    The class centers unit-mean, which are the default, were called mean: a run of then is one of unit-mean by
    its hash, and none that says mean has the hash of an older one.

    Args:
        run: the settings.

    Returns:
        64 hexadecimal digits.
    """
    tree = to_tree(run)
    for section, name in (("data", "path"), ("train", "seeds"), ("train", "device")):
        del tree[section][name]
    del tree["name"]
    return digest("run", FORMAT, differing(tree, to_tree(RunSettings())))


def stage_identity(stage: StageSettings) -> str:
    """Hash how a network is optimised, with all that its method adds: 64 hexadecimal digits."""
    kind = type(stage)
    return digest(kind.__qualname__, FORMAT, differing(asdict(stage), asdict(kind())))


def differing(tree: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Give the settings that differ from their defaults.

    Args:
        tree: nested dictionaries.
        defaults: the same with the defaults; what it lacks counts as differing.

    Returns:
        A part of `tree`, without empty sections.
    """
    found = {}
    for key, value in tree.items():
        default = defaults.get(key)
        if isinstance(value, Mapping) and isinstance(default, Mapping):
            value, default = differing(value, default), {}
        if key not in defaults or value != default:
            found[key] = value
    return found
