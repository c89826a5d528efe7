"""Formats that say which axis points up, and files that tell about each other."""

from __future__ import annotations

import os
from pathlib import Path

TOLD = frozenset({".dae", ".glb", ".gltf"})
"""Formats that say it: Y up by the specification, or an axis that their reader turns to Y."""


def obeys(suffix: str, up: str) -> bool:
    """Tell whether an axis that is chosen for all files of a folder counts for those of a format.

    glTF is Y up by its specification: Z, said of a folder, is said of its other files.
    """
    return up == "y" or suffix.lower() not in TOLD


def kind_of(path: str | Path) -> str:
    """Name the files that tell about each other: of a folder, with formats that say their axis or without."""
    folder, name = os.path.split(path)
    return f"{folder} {Path(name).suffix.lower() in TOLD}"
