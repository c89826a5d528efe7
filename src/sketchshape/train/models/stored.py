"""The tensors of a network in a file, with a header that says what they were made from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from sketchshape.errors import ArtefactError
from sketchshape.files import atomic


def save_tensors(path: Path, network: nn.Module, header: Mapping[str, str]) -> None:
    """Write the parameters and buffers of a network, atomically.

    Args:
        path: the .safetensors file.
        network: on any device.
        header: format, kind, and the hash of what decides the tensors.
    """
    tensors = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    with atomic(path) as temporary:
        safetensors.torch.save_file(tensors, temporary, dict(header))


def load_tensors(path: Path) -> tuple[Mapping[str, str], dict[str, Tensor]]:
    """Read what `save_tensors` wrote.

    Args:
        path: the .safetensors file.

    Returns:
        The header, and name to tensor, on the CPU.

    Raises:
        ArtefactError: the file is not there or damaged.
    """
    try:
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return file.metadata() or {}, tensors
    except (OSError, SafetensorError) as error:
        raise ArtefactError(f"{path}: not readable ({error}); train again with --fresh") from None
