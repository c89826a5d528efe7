"""Drawings kept as strokes, drawn anew for each epoch: no two epochs show the same pictures."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import numpy as np
import torch

from sketchshape.datasets.drawings import Drawings
from sketchshape.files import digest
from sketchshape.images import StrokeChanges, Strokes, draw_strokes, prepare, vary_strokes
from sketchshape.train.data.items import Batch
from sketchshape.train.data.samplers import balanced
from sketchshape.types import U8

AHEAD = 2  # batches that are drawn while the network works on another
PICTURE = 256  # pixels, as for a drawing that is searched with


def picture(strokes: Strokes, size: int, width: float = 3.2) -> U8:
    """Draw and prepare, the same way as a drawing that is searched with: (size, size) uint8."""
    return prepare(draw_strokes(strokes, PICTURE, width), size)


class DrawingItems:
    """Training data: each epoch, every drawing as another hand could have made it.

    Args:
        words: the drawings.
        size: side of a picture in pixels.
        changes: what may happen to a drawing.
        workers: threads that draw; drawing and preparing leave the interpreter lock.
    """

    def __init__(self, words: Drawings, size: int, changes: StrokeChanges, workers: int = 2) -> None:
        self.words, self.size, self.changes, self.workers = words, size, changes, workers
        self._labels = torch.from_numpy(words.labels)

    def steps(self, size: int) -> int:
        """Count the batches of an epoch; a last one that is not full is left out."""
        return max(1, len(self.words) // size)

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
        """Yield the batches of an epoch; arguments as for `Items.batches`."""
        order = balanced(self.words.labels, balance, np.random.default_rng([seed, epoch]))
        parts = [order[step * size : (step + 1) * size] for step in range(start, self.steps(size))]
        draw = partial(self._draw, seed=seed, epoch=epoch)
        with ThreadPoolExecutor(self.workers) as pool:
            waiting: list[list[Future[U8]]] = []
            for number in range(len(parts) + AHEAD):
                if number < len(parts):
                    waiting.append([pool.submit(draw, int(index)) for index in parts[number]])
                if number >= AHEAD:
                    pictures = np.stack([future.result() for future in waiting.pop(0)])
                    labels = self._labels[parts[number - AHEAD]]
                    yield Batch(torch.from_numpy(pictures).to(device), labels.to(device))

    def digest(self) -> str:
        """Hash what decides the pictures."""
        return digest(list(self.words.keys), self.words.labels.tolist(), self.size, repr(self.changes))

    def _draw(self, index: int, *, seed: int, epoch: int) -> U8:
        random = np.random.default_rng([seed, epoch, index])
        changed, width = vary_strokes(self.words.strokes[index], self.changes, random)
        return picture(changed, self.size, width)
