"""Formats that say which axis points up, and files that tell about each other."""

from __future__ import annotations

import os
from pathlib import Path

TOLD = frozenset({".dae", ".glb", ".gltf"})
"""Formats that say it: Y up by the specification, or an axis that their reader turns to Y."""


def kind_of(path: str | Path) -> str:
    """Name the files that tell about each other: of a folder, with formats that say their axis or without."""
    folder, name = os.path.split(path)
    return f"{folder} {Path(name).suffix.lower() in TOLD}"
