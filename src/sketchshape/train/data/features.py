"""Pictures to what the networks are trained on: features of a frozen backbone, or the pictures themselves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from sketchshape.errors import FileError
from sketchshape.progress import Steps
from sketchshape.train.data.pictures import Made, batches
from sketchshape.train.data.store import FeatureStore
from sketchshape.types import U8

BATCH = 96  # pictures in one pass
Maker = Callable[[Sequence[int]], Made]


@dataclass(frozen=True, eq=False)
class Gathered:
    """What could be made of a list of items.

    Args:
        kept: indices of the items that worked, ascending.
        data: (len(kept), k, ...) features float32 or pictures uint8, k views or variants of an item.
        problems: one line for each item that did not.
        lines: (len(kept), lines, variants, ...) the same of line drawings of shapes; None without them.
    """

    kept: list[int]
    data: np.ndarray[Any, Any]
    problems: tuple[str, ...]
    lines: np.ndarray[Any, Any] | None = None


def gather_features(
    title: str,
    keys: Sequence[str],
    make: Maker,
    network: nn.Module,
    store: FeatureStore,
    device: torch.device,
    *,
    quiet: bool = False,
) -> Gathered:
    """Compute the features that are not stored yet, store each batch at once, and give all of them.

    Args:
        title: for the progress bar.
        keys: content key of each item, naming its pictures and the network.
        make: gives the pictures of items, by index.
        network: (B, size, size) uint8 -> (B, dim) float32, frozen.
        store: where features are kept.
        device: of `network`.
        quiet: show no progress.

    Returns:
        Features (n, k, dim) of the items that could be read.
    """
    known = store.known(keys)
    missing = [index for index, key in enumerate(keys) if key not in known]
    failures: dict[int, str] = {}
    if missing:
        with Steps(title, len(missing), "items", quiet=quiet) as steps:
            sound = _sound(make(missing), missing, failures, steps)
            for indices, pictures in batches(sound, BATCH):
                values = _run(network, pictures, device)
                store.put({keys[index]: value for index, value in zip(indices, values, strict=True)})
                steps.advance(len(indices))
    found = store.get(keys)
    kept = [index for index, key in enumerate(keys) if key in found]
    data = np.stack([found[keys[index]] for index in kept]) if kept else np.empty((0, 0, 0), np.float32)
    return Gathered(kept, data, tuple(failures[index] for index in sorted(failures)))


def gather_pictures(title: str, count: int, make: Maker, *, quiet: bool = False) -> Gathered:
    """Make the pictures of all items, for networks whose backbone is trained too.

    Args:
        title: for the progress bar.
        count: number of items.
        make: gives the pictures of items, by index.
        quiet: show no progress.

    Returns:
        Pictures (n, k, size, size) uint8 of the items that could be read.
    """
    failures: dict[int, str] = {}
    made: dict[int, U8] = {}
    with Steps(title, count, "items", quiet=quiet) as steps:
        for index, pictures in _sound(make(range(count)), range(count), failures, steps):
            made[index] = pictures
            steps.advance()
    kept = sorted(made)
    data = np.stack([made.pop(index) for index in kept]) if kept else np.empty((0, 0, 0, 0), np.uint8)
    return Gathered(kept, data, tuple(failures[index] for index in sorted(failures)))


def _sound(
    made: Made, numbers: Sequence[int], failures: dict[int, str], steps: Steps
) -> Iterator[tuple[int, U8]]:
    for position, item in made:
        index = numbers[position]
        if isinstance(item, FileError):
            failures[index] = str(item)
            print(f"skipped {item}", file=sys.stderr)
            steps.advance()
        else:
            yield index, item


@torch.inference_mode()
def _run(network: nn.Module, pictures: U8, device: torch.device) -> np.ndarray[Any, Any]:
    items, count = pictures.shape[:2]
    flat = torch.from_numpy(pictures.reshape(items * count, *pictures.shape[2:])).to(device)
    values: torch.Tensor = network(flat)
    result: np.ndarray[Any, Any] = values.float().cpu().numpy().reshape(items, count, -1)
    return result
