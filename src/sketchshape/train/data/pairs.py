"""Sketches and shapes side by side in one batch, for methods that learn from both at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sketchshape.datasets.parts import Part
from sketchshape.errors import ConfigError
from sketchshape.files import digest
from sketchshape.train.data.items import Items
from sketchshape.train.data.samplers import Plan, Sampler, by_class, mixed


@dataclass(frozen=True, eq=False)
class PairBatch:
    """Labelled sketches and shapes of one step, on the device that computes.

    Args:
        sketches: (B, ...) one variant of each sketch.
        sketch_labels: (B,) int64.
        shapes: (C, V, ...) V views of each shape.
        shape_labels: (C,) int64.
    """

    sketches: Tensor
    sketch_labels: Tensor
    shapes: Tensor
    shape_labels: Tensor


class Pairs:
    """Labelled sketches and shapes in memory, cut into batches by the seed and the epoch alone.

    Args:
        sketches: that are learned from, (n, A, ...) of A variants, of which each epoch takes a random one.
        shapes: that are learned from, (m, V, ...).
        per_class: how many sketches and shapes of each of a few classes a batch has; None is random sketches
            and half as many random shapes. See `sketchshape.train.data.samplers`.

    Raises:
        ValueError: there are less than two sketches, shapes or classes, or a class of sketches has no shape.
    """

    def __init__(self, sketches: Part, shapes: Part, *, per_class: tuple[int, int] | None = None) -> None:
        self.sketches = Items(sketches.data, sketches.labels, variants=True)
        self.shapes = Items(shapes.data, shapes.labels)
        self._labels = np.asarray(sketches.labels), np.asarray(shapes.labels)
        if missing := sorted({*self._labels[0].tolist()} - {*self._labels[1].tolist()}):
            raise ValueError(
                f"no training shape of class {', '.join(map(str, missing))}, expected at least 1"
            )
        if len(np.unique(self._labels[1])) < 2:
            raise ValueError("all shapes are of one class, expected at least 2 classes")
        self._sampler: Sampler = mixed if per_class is None else by_class(per_class)
        self._per_class = per_class

    def steps(self, size: int) -> int:
        """Count the batches of an epoch.

        Args:
            size: sketches of a batch, at least 2.
        """
        return len(self._plan(size, np.random.default_rng(0)))

    def batches(
        self,
        size: int,
        *,
        seed: int,
        epoch: int,
        start: int = 0,
        device: torch.device | str = "cpu",
        balance: float = 0.0,
    ) -> Iterator[PairBatch]:
        """Yield the batches of an epoch; arguments as for `Items.batches`, of sketches.

        Raises:
            ConfigError: the balance is not 0, but the samplers have their own ways.
        """
        if balance:
            raise ConfigError(f"balance is {balance}, but pairs are chosen in their own way; use balance=0")
        random = np.random.default_rng([seed, epoch])
        plan = self._plan(size, random)
        variant = random.integers(self.sketches.inputs.shape[1], size=len(self.sketches))
        for sketches, shapes in plan[start:]:
            yield PairBatch(
                self.sketches.take(sketches, variant[sketches], device),
                self.sketches.labels[sketches].to(device),
                self.shapes.take(shapes, None, device),
                self.shapes.labels[shapes].to(device),
            )

    def digest(self) -> str:
        """Hash the content and the way of sampling, once."""
        return digest(self.sketches.digest(), self.shapes.digest(), self._per_class)

    def _plan(self, size: int, random: np.random.Generator) -> Plan:
        return self._sampler(*self._labels, size, random)
