"""The identity of a run: the hash of all settings that decide its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sketchshape.config import to_tree
from sketchshape.config.run import Run, Teacher
from sketchshape.files import digest

FORMAT = 1
# Settings that came later: left out of the hash while they have their default, so that older runs stay valid.
LATER_IN_STAGES = ("accumulate", "ema", "balance")
LATER_IN_TEACHERS = ("classifier",)
LATER = (
    "data.protocol",
    "data.held_out_least",
    "data.unseen",
    "data.share",
    "backbone.sketch_name",
    "views.elevations",
    "views.pool",
    "views.lines",
    "views.line_size",
    "views.line_weight",
    *(f"{stage}.{name}" for stage in ("teacher", "student") for name in LATER_IN_STAGES),
    *(f"teacher.{name}" for name in LATER_IN_TEACHERS),
    "words.balance",
    "words",  # as a whole, after what came later than it
)


def settings_hash(settings: Run) -> str:
    """Hash what decides the numbers of one seed: all settings but names, paths, device and list of seeds."""
    tree = to_tree(settings)
    tree.pop("name")
    tree["data"].pop("path")
    tree["train"].pop("seeds")
    tree["train"].pop("device")
    defaults = to_tree(Run())
    for key in LATER:
        *parents, last = key.split(".")
        node, default = tree, defaults
        for parent in parents:
            node, default = node[parent], default[parent]
        if node[last] == default[last]:
            node.pop(last)
            default.pop(last)
    return digest(tree, FORMAT)


def stage_tree(options: Mapping[str, Any]) -> dict[str, Any]:
    """Give the settings of a stage as they are hashed: without those that came later and have their default.

    Args:
        options: of a `Stage`, by name, with those that a method adds.

    Returns:
        The settings that count.
    """
    defaults = vars(Teacher())
    later = {name: defaults[name] for name in (*LATER_IN_STAGES, *LATER_IN_TEACHERS)}
    return {name: value for name, value in options.items() if name not in later or value != later[name]}
