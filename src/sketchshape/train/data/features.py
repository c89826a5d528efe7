"""Pictures to what the networks are trained on: features of a frozen backbone, or the pictures themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from sketchshape.errors import FileError
from sketchshape.progress import Steps
from sketchshape.say import say
from sketchshape.train.data.pictures import Made, batches
from sketchshape.train.data.store import FeatureStore
from sketchshape.types import F32, U8

BATCH = 96  # pictures in one pass
Maker = Callable[[Sequence[int]], Made]


class Part(NamedTuple):
    """One of the networks whose features are joined.

    Args:
        network: (B, size, size) uint8 -> (B, dim) float32, frozen.
        keys: content key of each item, naming its pictures and the network.
    """

    network: nn.Module
    keys: Sequence[str]


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
    parts: Sequence[Part],
    make: Maker,
    store: FeatureStore,
    device: torch.device,
    *,
    quiet: bool = False,
) -> Gathered:
    """Compute the features that are not stored yet, store each batch at once, and give all of them.

    Args:
        title: for the progress bar.
        parts: the networks whose features are joined; each has keys of its own, so that a network that stood
            beside others before is not asked again.
        make: gives the pictures of items, by index.
        store: where features are kept.
        device: of the networks.
        quiet: show no progress.

    Returns:
        Features (n, k, dim of all networks) of the items that could be read.
    """
    own = list(zip(*(part.keys for part in parts), strict=True))  # the keys of each item
    known = store.known(key for keys in own for key in keys)
    missing = [index for index, keys in enumerate(own) if not known.issuperset(keys)]
    failures: dict[int, str] = {}
    if missing:
        with Steps(title, len(missing), "items", quiet=quiet) as steps:
            sound = _sound(make(missing), missing, failures, steps)
            for indices, pictures in batches(sound, BATCH):
                for part in parts:
                    new = [place for place, index in enumerate(indices) if part.keys[index] not in known]
                    if new:
                        values = _run(part.network, pictures[new], device)
                        store.put(
                            dict(zip([part.keys[indices[place]] for place in new], values, strict=True))
                        )
                steps.advance(len(indices))
    found = store.get(key for keys in own for key in keys)
    kept = [index for index, keys in enumerate(own) if found.keys() >= set(keys)]
    data = _joined([[found[key] for key in own[index]] for index in kept])
    return Gathered(kept, data, tuple(failures[index] for index in sorted(failures)))


def _joined(items: Sequence[Sequence[F32]]) -> F32:
    """Join what the networks gave for each item: (n, k, dim of all), with no copy beside it."""
    if not items:
        return np.empty((0, 0, 0), np.float32)
    width = sum(one.shape[-1] for one in items[0])
    data = np.empty((len(items), *items[0][0].shape[:-1], width), np.float32)
    for place, own in zip(data, items, strict=True):
        np.concatenate(own, -1, out=place)
    return data


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
            say(f"skipped {item}", error=True)
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
