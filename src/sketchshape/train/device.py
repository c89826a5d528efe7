"""Where torch computes."""

from __future__ import annotations

import os
import platform

import torch
from torch.distributed import is_available, is_torchelastic_launched

from sketchshape.errors import ConfigError


def pick(name: str) -> torch.device:
    """Turn a setting into a torch device.

    Args:
        name: auto (a GPU if there is one), cpu, or a torch device such as cuda:1. Of the processes that
            torchrun starts on a machine, auto and cuda give each its own GPU.

    Returns:
        The device.

    Raises:
        ConfigError: torch does not know the name, or the device is not there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and is_available() and is_torchelastic_launched():
        name = f"cuda:{os.environ['LOCAL_RANK']}"
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).partition("\n")[0]
        raise ConfigError(f"train.device is {name!r}: {reason}; expected auto, cpu or cuda:N") from None
    return device


def describe() -> str:
    """Name the device that `auto` picks, with its threads."""
    if torch.cuda.is_available():
        return f"GPU {torch.cuda.get_device_name()}"
    return f"CPU {platform.machine()}, {torch.get_num_threads()} threads of {os.cpu_count()} cores"
