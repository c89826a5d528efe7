"""The tensors of a network in a file, with a header that says what they were made from, and their hash."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from sketchshape.errors import ArtefactError
from sketchshape.files import atomic

HASH = "sha256"  # in the header; files of other programs have none


def save_tensors(path: Path, network: nn.Module, header: Mapping[str, str]) -> None:
    """Write the parameters and buffers of a network, atomically.

    Args:
        path: the .safetensors file.
        network: on any device.
        header: format, kind, and the hash of what decides the tensors.
    """
    write_tensors(path, network.state_dict(), header)


def write_tensors(path: Path, tensors: Mapping[str, Tensor], header: Mapping[str, str]) -> None:
    """Write tensors and their hash, atomically.

    Args:
        path: the .safetensors file.
        tensors: on any device; they may share memory.
        header: what else is to be known.
    """
    own = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    shared = {value.untyped_storage().data_ptr() for value in own.values()}
    if len(shared) < len(own):  # the format has no two names for one memory
        own = {name: value.clone() for name, value in own.items()}
    with atomic(path) as temporary:
        safetensors.torch.save_file(own, temporary, {**header, HASH: _hash(header, own)})


def load_tensors(path: Path) -> tuple[Mapping[str, str], dict[str, Tensor]]:
    """Read what `write_tensors` wrote, or another safetensors file.

    Args:
        path: the .safetensors file.

    Returns:
        The header, and name to tensor, on the CPU.

    Raises:
        ArtefactError: the file is not there, damaged or altered.
    """
    try:
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            header = dict(file.metadata() or {})
    except (OSError, SafetensorError) as error:
        raise ArtefactError(f"{path}: not readable ({error}); train again with --fresh") from None
    if header.get(HASH) not in (None, _hash(header, tensors)):
        raise ArtefactError(f"{path}: altered since it was written; train again with --fresh")
    return header, tensors


def _hash(header: Mapping[str, str], tensors: Mapping[str, Tensor]) -> str:
    total = hashlib.sha256(
        repr(sorted((name, text) for name, text in header.items() if name != HASH)).encode()
    )
    for name in sorted(tensors):
        value = tensors[name]
        total.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        total.update(value.reshape(-1).view(torch.uint8).numpy().data)
    return total.hexdigest()
