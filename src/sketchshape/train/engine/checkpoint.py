"""The state of an unfinished training in one file, which can run no code when it is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sketchshape.errors import ArtefactError
from sketchshape.train.models.stored import HASH, load_tensors, write_tensors

FORMAT = "3"
PLAIN = (bool, int, float, str, type(None))


def save_checkpoint(path: Path, key: str, state: dict[str, Any]) -> None:
    """Write a checkpoint, atomically.

    Args:
        path: the file.
        key: hash of the settings and data that the state belongs to.
        state: tensors, numbers, strings, and lists, tuples and dictionaries of them.
    """
    tensors: dict[str, Tensor] = {}
    rest = json.dumps(_apart(state, tensors))
    write_tensors(path, tensors, {"format": FORMAT, "kind": "checkpoint", "key": key, "state": rest})


def load_checkpoint(path: Path, key: str | None, device: torch.device) -> dict[str, Any] | None:
    """Read a checkpoint back.

    Args:
        path: the file.
        key: hash that it must have; None takes any.
        device: where its tensors go.

    Returns:
        The state, or None where there is no file.

    Raises:
        ArtefactError: the file is damaged, or of another format, or belongs to other settings or data.
    """
    if not path.is_file():
        return None
    try:
        header, tensors = load_tensors(path)
    except ArtefactError as error:
        reason = str(error).removeprefix(f"{path}: ").partition(";")[0]
        raise ArtefactError(f"{path}: not a checkpoint ({reason}); remove it to start over") from None
    if header.get("kind") != "checkpoint" or header.get("format") != FORMAT or HASH not in header:
        version = header.get("format", "none")
        raise ArtefactError(f"{path}: format {version}, expected {FORMAT}; remove it to start over")
    if key not in (None, header["key"]):
        raise ArtefactError(
            f"{path}: made with other settings or data; remove it to start over, or go back to those settings"
        )
    placed = {name: value.to(device) for name, value in tensors.items()}
    state: dict[str, Any] = _together(json.loads(header["state"]), placed)
    return state


def _apart(value: Any, tensors: dict[str, Tensor]) -> Any:
    """Put tensors aside, and write the rest so that JSON keeps what it is: keys may be numbers."""
    if isinstance(value, Tensor):
        name = str(len(tensors))
        tensors[name] = value
        last = value.dim() == 4 and value.is_contiguous(memory_format=torch.channels_last)
        return {"channels_last" if last and not value.is_contiguous() else "tensor": name}
    if isinstance(value, dict):
        return {"dict": [[key, _apart(one, tensors)] for key, one in value.items()]}
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [_apart(one, tensors) for one in value]}
    if isinstance(value, PLAIN):
        return value
    raise TypeError(f"{type(value).__name__} in a checkpoint, expected tensors, numbers and strings")


def _together(value: Any, tensors: dict[str, Tensor]) -> Any:
    if not isinstance(value, dict):
        return value
    kind, inside = next(iter(value.items()))
    if kind == "tensor":
        return tensors[inside]
    if kind == "channels_last":  # the order in memory decides the last bit of a sum
        return tensors[inside].to(memory_format=torch.channels_last)
    if kind == "dict":
        return {key: _together(one, tensors) for key, one in inside}
    values = [_together(one, tensors) for one in inside]
    return values if kind == "list" else tuple(values)
