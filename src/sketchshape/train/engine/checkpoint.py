"""The state of an unfinished training in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from sketchshape.errors import ArtefactError
from sketchshape.files import atomic

FORMAT = 2


def save_checkpoint(path: Path, key: str, state: dict[str, Any]) -> None:
    """Write a checkpoint, atomically.

    Args:
        path: the file.
        key: hash of the settings and data that the state belongs to.
        state: tensors, numbers, strings, and lists and dictionaries of them.
    """
    with atomic(path) as temporary:
        torch.save({"format": FORMAT, "key": key, "state": state}, temporary)


def load_checkpoint(path: Path, key: str, device: torch.device) -> dict[str, Any] | None:
    """Read a checkpoint back; its file can run no code.

    Args:
        path: the file.
        key: hash that it must have.
        device: where its tensors go.

    Returns:
        The state, or None where there is no file.

    Raises:
        ArtefactError: the file is damaged, or of another format, or belongs to other settings or data.
    """
    if not path.is_file():
        return None
    try:
        found = torch.load(path, map_location=device, weights_only=True)
        version, stored, state = found["format"], found["key"], found["state"]
    except Exception as error:  # torch raises many kinds
        reason = str(error).partition("\n")[0]
        raise ArtefactError(f"{path}: not a checkpoint ({reason}); remove it to start over") from None
    if version != FORMAT:
        raise ArtefactError(f"{path}: format {version}, expected {FORMAT}; remove it to start over")
    if stored != key:
        raise ArtefactError(
            f"{path}: made with other settings or data; remove it to start over, or go back to those settings"
        )
    return dict(state)
