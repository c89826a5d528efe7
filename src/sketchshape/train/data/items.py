"""Labelled items in memory, cut into batches that depend on nothing but the seed and the epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sketchshape.errors import ConfigError
from sketchshape.files import digest
from sketchshape.train.data.samplers import balanced

Transform = Callable[[Tensor, torch.Generator], Tensor]
B = TypeVar("B")
B_co = TypeVar("B_co", covariant=True)


@dataclass(frozen=True, eq=False)
class Batch:
    """Labelled items of one step, on the device that computes.

    Args:
        inputs: (B, ...) what an encoder takes.
        labels: (B,) int64.
    """

    inputs: Tensor
    labels: Tensor


class Data(Protocol[B_co]):
    """What the trainer asks of data, in batches of a type that the method takes."""

    def steps(self, size: int) -> int:
        """Count the batches of an epoch."""
        ...

    def batches(
        self, size: int, *, seed: int, epoch: int, start: int, device: torch.device, balance: float
    ) -> Iterator[B_co]:
        """Yield the batches of an epoch from number `start` on; the same for the same arguments."""
        ...

    def digest(self) -> str:
        """Hash the content."""
        ...


class Items:
    """Labelled inputs of one modality.

    Args:
        inputs: (n, ...) features float32 or pictures uint8; an array (a memory map too) or a tensor on any
            device.
        labels: (n,) integers.
        variants: inputs are (n, A, ...), and each epoch takes one of the A variants of each item at random.
        transform: changes the inputs of a batch on the device that computes, such as `Augment`.
        key: hash of the content, where the caller has one; else it is computed.

    Raises:
        ValueError: the lengths differ, or there are less than two items (batch-norm needs two).
    """

    def __init__(
        self,
        inputs: NDArray[Any] | Tensor,
        labels: NDArray[Any] | Tensor,
        *,
        variants: bool = False,
        transform: Transform | None = None,
        key: str | None = None,
    ) -> None:
        if len(inputs) != len(labels) or len(inputs) < 2:
            raise ValueError(f"{len(inputs)} inputs and {len(labels)} labels, expected as many, at least 2")
        self.inputs, self.variants, self.transform = inputs, variants, transform
        self.labels = torch.as_tensor(labels).long().cpu()
        self._key = key

    def __len__(self) -> int:
        return len(self.labels)

    def steps(self, size: int) -> int:
        """Count the batches of an epoch; a last one of a single item is left out.

        Args:
            size: items of a batch, at least 2.
        """
        full, rest = divmod(len(self), size)
        return full + (rest > 1)

    def batches(
        self,
        size: int,
        *,
        seed: int,
        epoch: int,
        start: int = 0,
        device: torch.device | str = "cpu",
        balance: float = 0.0,
    ) -> Iterator[Batch]:
        """Yield the batches of an epoch in random order.

        Args:
            size: items of a batch, at least 2.
            seed: of the run, 0 or more.
            epoch: 0 or more.
            start: number of the first batch that is wanted.
            device: where the batches go.
            balance: 0..1, how much more often items of small classes come, see `balanced`.

        Yields:
            The batches, the same for the same arguments.
        """
        random = np.random.default_rng([seed, epoch])
        order = balanced(self.labels.numpy(), balance, random)
        choice = random.integers(self.inputs.shape[1], size=len(self)) if self.variants else None
        for step in range(start, self.steps(size)):
            part = order[step * size : (step + 1) * size]
            inputs = self.take(part, None if choice is None else choice[part], device)
            if self.transform:
                generator = torch.Generator().manual_seed(step_seed(seed, epoch, step))
                inputs = self.transform(inputs, generator)
            yield Batch(inputs, self.labels[part].to(device))

    def digest(self) -> str:
        """Hash inputs and labels, once."""
        if self._key is None:
            inputs = self.inputs.cpu().numpy() if isinstance(self.inputs, Tensor) else self.inputs
            hashes = [digest(np.ascontiguousarray(item).tobytes()) for item in inputs]
            self._key = digest(list(inputs.shape), str(inputs.dtype), hashes, self.labels.tolist())
        return self._key

    def take(
        self, rows: NDArray[Any], variants: NDArray[Any] | None = None, device: torch.device | str = "cpu"
    ) -> Tensor:
        """Give the inputs of some items.

        Args:
            rows: (B,) numbers of items.
            variants: (B,) which variant of each, where there are variants.
            device: where they go.

        Returns:
            (B, ...).
        """
        if isinstance(self.inputs, Tensor):
            places = torch.from_numpy(rows).to(self.inputs.device)
            column = None if variants is None else torch.from_numpy(variants).to(self.inputs.device)
            return self.inputs[places if column is None else (places, column)].to(device)
        taken = self.inputs[rows] if variants is None else self.inputs[rows, variants]
        return torch.from_numpy(np.asarray(taken)).to(device)


def cut(batch: B, count: int) -> list[tuple[B, float]]:
    """Cut a batch into pieces of almost the same size, each of at least two items, as batch-norm needs.

    Args:
        batch: of labelled items.
        count: how many pieces, 1 or more.

    Returns:
        Each piece with its fraction of the items; fewer than `count` where there are too few items.

    Raises:
        ConfigError: the batch is of another kind, whose items are compared with each other.
    """
    if count == 1:
        return [(batch, 1.0)]
    if not isinstance(batch, Batch):
        raise ConfigError(
            f"a {type(batch).__name__} cannot be cut, since its items are compared with each other; "
            "use accumulate=1 and one process"
        )
    items = len(batch.labels)
    pieces = max(1, min(count, items // 2))
    parts = zip(batch.inputs.tensor_split(pieces), batch.labels.tensor_split(pieces), strict=True)
    return [(replace(batch, inputs=ours, labels=labels), len(labels) / items) for ours, labels in parts]


def step_seed(seed: int, epoch: int, step: int, rank: int = 0) -> int:
    """Give each step of each epoch of each run, and each process, random numbers of its own."""
    return int(digest("step", seed, epoch, step, *([rank] if rank else []))[:15], 16)
