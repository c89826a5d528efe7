"""First weights of a network that depend on the seed alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Make networks inside this block; torch's global generator is afterwards as it was before.

    Args:
        seed: of the weights, 0 or more.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield
