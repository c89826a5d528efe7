"""Several processes that train one network, started by torchrun; each has its share of every batch."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from sketchshape.train import device as devices
from sketchshape.types import F32

STEP = timedelta(minutes=10)  # the longest that a process waits for the gradients of another
WORK = timedelta(days=1)  # and for what the first one does alone, such as rendering
_patient: list[Any] = []  # the group of processes that waits so long


@dataclass(frozen=True)
class World:
    """The processes that train together; without torchrun it is one.

    Args:
        rank: number of this process, from 0.
        size: how many there are.
    """

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the process that prints and writes."""
        return self.rank == 0

    @torch.no_grad()
    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Add tensors up over all processes, in place and in one message, to the same bits everywhere.

        Args:
            tensors: floating point, on one device; as many, and of the same shapes, in every process.
        """
        if self.size == 1 or not tensors:
            return
        flat = torch.cat([one.reshape(-1) for one in tensors])
        dist.all_reduce(flat)
        parts = torch.split(flat, [one.numel() for one in tensors])
        for one, part in zip(tensors, parts, strict=True):
            one.copy_(part.view(one.shape))

    def of_first(self, values: F32) -> F32:
        """Give all processes the numbers of the first one, as GPUs may differ in the last bit."""
        if self.size == 1:
            return values
        copy = torch.tensor(values)
        dist.broadcast(copy, 0)
        return copy.numpy()

    def any(self, here: bool) -> bool:
        """Tell all processes whether something is true in any of them; each waits for the others."""
        if self.size == 1:
            return here
        flag = torch.tensor(float(here))
        dist.all_reduce(flag, group=_patient[0])
        return bool(flag)

    def wait(self) -> None:
        """Go on when all processes are here."""
        self.any(False)

    @contextmanager
    def first_alone(self) -> Iterator[None]:
        """Run a block in the first process, and then, with what that left in the cache, in the others."""
        if not self.first:
            self.wait()
        yield
        if self.first:
            self.wait()


def world() -> World:
    """Give the processes that this one trains with."""
    if dist.is_available() and dist.is_initialized():
        return World(dist.get_rank(), dist.get_world_size())
    return World()


@contextmanager
def processes(device: str) -> Iterator[World]:
    """Join the processes that torchrun started; without torchrun, or inside such a block, nothing changes.

    After an exception nothing is waited for: this process ends, so that the others see the connection
    break, and torchrun ends them.

    Args:
        device: the setting `train.device`; processes with a GPU each talk through NCCL, others through gloo.

    Yields:
        The processes.

    Raises:
        ConfigError: there are more processes than GPUs.
    """
    if not dist.is_available() or not dist.is_torchelastic_launched() or dist.is_initialized():
        yield world()
        return
    where = devices.pick(device)
    if where.type == "cuda":
        torch.cuda.set_device(where)
    dist.init_process_group("cpu:gloo,cuda:nccl" if where.type == "cuda" else "gloo", timeout=STEP)
    _patient[:] = [dist.new_group(backend="gloo", timeout=WORK)]
    yield world()
    _patient.clear()
    dist.destroy_process_group()


def launched_first() -> bool:
    """Whether this process prints: the first of those that torchrun started, or the only one."""
    return not dist.is_torchelastic_launched() or os.environ.get("RANK", "0") == "0"
