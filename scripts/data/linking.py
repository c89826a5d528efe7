"""Data sets whose files are links."""

from __future__ import annotations

from pathlib import Path


def link(path: Path, target: Path) -> None:
    """Make a symbolic link, with the folders above it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(path.resolve())
