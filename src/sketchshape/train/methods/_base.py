"""What every compared method is given and gives back.

A method is a file with two names: `Options`, a frozen dataclass that inherits `settings.Stage` with its own
defaults, and `contend(task: Task, options: Options) -> Contender`. Most methods end as `Towers`: one network
for each modality and a measure between their embeddings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from torch import nn

from sketchshape.config.run import Run, Stage
from sketchshape.files import digest
from sketchshape.metrics.rows import unit
from sketchshape.runs.identity import settings_hash
from sketchshape.train.data.inputs import Inputs
from sketchshape.train.data.items import Data
from sketchshape.train.engine.fit import fit
from sketchshape.train.engine.method import Method
from sketchshape.types import F32

B = TypeVar("B")
EMBED = 64  # items of one pass; a shape has a dozen views
Measure = Callable[[F32, F32], F32]


class Contender(Protocol):
    """A trained method."""

    seconds: float
    """Spent in training, interrupted parts included."""

    def similarity(self, sketches: F32, shapes: F32) -> F32:
        """Compare sketches with shapes.

        Args:
            sketches: (Q, looks, dim) features, plain and mirrored.
            shapes: (G, views, dim) features.

        Returns:
            (Q, G) float32, higher is more alike.
        """
        ...


@dataclass(frozen=True, eq=False)
class Task:
    """What a method is asked to learn, and where.

    Args:
        name: of the method.
        inputs: only `shapes`, `train` and `classes` are learned from.
        run: settings that hold for all methods.
        seed: of weights and batches, 0 or more.
        folder: of checkpoints and logs.
        device: where to compute.
        quiet: print nothing.
    """

    name: str
    inputs: Inputs
    run: Run
    seed: int
    folder: Path
    device: torch.device
    quiet: bool = False

    @property
    def dim(self) -> int:
        """Width of the features of a sketch or a view."""
        return int(self.inputs.train.data.shape[-1])

    @contextmanager
    def seeded(self) -> Iterator[None]:
        """Make networks inside this block, with weights that depend on the seed alone."""
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(self.seed)
            yield

    def fit(self, method: Method[B], data: Data[B], options: Stage, name: str, key: str = "") -> float:
        """Train on the device of the task, or go on where an earlier call was stopped.

        Args:
            method: moved to the device already; it ends in evaluation mode.
            data: what it is trained on.
            options: how it is optimised, with all other options of the method.
            name: of the stage, for its checkpoint and its log.
            key: hash of what else the result depends on, such as the stage before.

        Returns:
            Seconds that it took, interrupted parts included.
        """
        full_key = digest(self.name, settings_hash(self.run), self.inputs.digest, key)
        result = fit(
            method,
            data,
            options,
            seed=self.seed,
            device=self.device,
            precision=self.run.train.precision,
            folder=self.folder,
            name=name,
            key=full_key,
            quiet=self.quiet,
        )
        method.eval()
        return result.seconds


@dataclass(eq=False)
class Towers:
    """Two networks that embed into one space, and what is compared there.

    Args:
        sketches: (B, dim) -> (B, D).
        shapes: (B, views, dim) -> (B, D).
        measure: (Q, D) and (G, D) -> (Q, G), higher is more alike.
        device: where the networks are.
        seconds: spent in training.
    """

    sketches: nn.Module
    shapes: nn.Module
    measure: Measure
    device: torch.device
    seconds: float

    def similarity(self, sketches: F32, shapes: F32) -> F32:
        """Compare sketches, their embeddings averaged over the looks, with shapes: (Q, G) float32."""
        looks = [embed(self.sketches, sketches[:, look], self.device) for look in range(sketches.shape[1])]
        return self.measure(np.mean(looks, axis=0), embed(self.shapes, shapes, self.device))


@torch.inference_mode()
def embed(network: nn.Module, data: np.ndarray[Any, Any], device: torch.device) -> F32:
    """Run a network in evaluation mode over all items: (n, ...) -> (n, ...) float32."""
    network.eval()
    parts = [
        network(torch.from_numpy(np.ascontiguousarray(data[start : start + EMBED])).to(device)).float().cpu()
        for start in range(0, len(data), EMBED)
    ]
    rows: F32 = torch.cat(parts).numpy()
    return rows


def cosine(sketches: F32, shapes: F32) -> F32:
    """Give the cosine of each row (Q, D) with each row (G, D)."""
    cosines: F32 = unit(sketches) @ unit(shapes).T
    return cosines


def euclidean(sketches: F32, shapes: F32) -> F32:
    """Give minus the Euclidean distance of each row (Q, D) to each row (G, D)."""
    left, right = sketches.astype(np.float64), shapes.astype(np.float64)
    squares = (left**2).sum(1)[:, None] + (right**2).sum(1) - 2 * left @ right.T
    lengths: F32 = np.sqrt(np.maximum(squares, 0)).astype(np.float32)
    return -lengths
