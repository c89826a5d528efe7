"""Where torch computes."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.distributed import is_available, is_torchelastic_launched

from sketchshape.errors import ConfigError
from sketchshape.say import say


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
    """Name the device that `auto` picks, with its threads and the precision that is fastest there."""
    if torch.cuda.is_available():
        return f"GPU {torch.cuda.get_device_name()}"
    half = {True: ", bf16 is fast", False: ", fp32 is fastest", None: ""}[multiplies_bf16()]
    return f"CPU {platform.machine()}, {torch.get_num_threads()} threads of {os.cpu_count()} cores{half}"


def multiplies_bf16() -> bool | None:
    """Tell whether the CPU has instructions for bfloat16, of AVX-512 or AMX; None where torch cannot tell."""
    capabilities: Callable[[], Mapping[str, Any]] | None = getattr(torch.cpu, "get_capabilities", None)
    if capabilities is None or platform.machine() not in ("x86_64", "AMD64"):
        return None
    found = capabilities()
    return bool(found.get("avx512_bf16") or found.get("amx_bf16"))


def note_precision(precision: str, device: torch.device) -> None:
    """Say on stderr where a precision is a bad choice for a device.

    Args:
        precision: fp32, bf16 or fp16.
        device: that computes.
    """
    if precision == "bf16" and device.type == "cpu" and multiplies_bf16() is False:
        say("note: this CPU has no instructions for bf16; train.precision=fp32 is faster", error=True)
