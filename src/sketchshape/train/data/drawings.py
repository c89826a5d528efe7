"""Drawings kept as strokes, drawn anew for each epoch: no two epochs show the same pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from sketchshape.errors import ArtefactError, DatasetError
from sketchshape.files import digest
from sketchshape.images import StrokeChanges, Strokes, draw_strokes, prepare, vary_strokes
from sketchshape.train.data.items import Batch
from sketchshape.train.data.samplers import balanced
from sketchshape.types import I64, U8

AHEAD = 2  # batches that are drawn while the network works on another
PICTURE = 256  # pixels, as for a drawing that is searched with


@dataclass(frozen=True, eq=False)
class Words:
    """Drawings of many words.

    Args:
        names: of the words; a label is an index of them.
        strokes: of each drawing.
        labels: (n,) int64.
        keys: of each drawing, by which it is known.
    """

    names: tuple[str, ...]
    strokes: tuple[Strokes, ...]
    labels: I64
    keys: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.keys)

    def only(self, chosen: Sequence[int]) -> Words:
        """Give some of the drawings, of the same words."""
        strokes = tuple(self.strokes[n] for n in chosen)
        keys = tuple(self.keys[n] for n in chosen)
        return replace(self, strokes=strokes, labels=self.labels[np.asarray(chosen, int)], keys=keys)


def read_words(folder: Path, left_out: frozenset[str] = frozenset()) -> Words:
    """Read all drawings that the game recognised.

    Args:
        folder: of <word>.ndjson, as Quick, Draw! gives them out.
        left_out: keys (`key_id`) of drawings that must not be learned from.

    Returns:
        The drawings, words and lines in order.

    Raises:
        DatasetError: there is no such file, or no drawing in them.
        ArtefactError: a line is not a drawing.
    """
    files = sorted(folder.glob("*.ndjson"))
    if not files:
        raise DatasetError(f"{folder} has no .ndjson files, expected <word>.ndjson of Quick, Draw! drawings")
    strokes: list[Strokes] = []
    labels: list[int] = []
    keys: list[str] = []
    for label, path in enumerate(files):
        for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                drawing = json.loads(text)
                key, good = str(drawing["key_id"]), drawing.get("recognized", True)
                points = [stroke for stroke in drawing["drawing"] if len(stroke[0])]
            except (ValueError, KeyError, TypeError, IndexError) as error:
                raise ArtefactError(f"{path}:{line}: not a drawing ({error!r})") from None
            if good and points and key not in left_out:
                strokes.append(points)
                labels.append(label)
                keys.append(key)
    if not keys:
        raise DatasetError(f"{folder}: no recognised drawing is left of {len(files)} words")
    return Words(tuple(path.stem for path in files), tuple(strokes), np.array(labels, np.int64), tuple(keys))


def split_words(words: Words, part: float) -> tuple[Words, Words]:
    """Hold out a part of the drawings by a hash of their keys, so that others do not change the choice.

    Args:
        words: all drawings.
        part: 0..0.5.

    Returns:
        What is left, and what is held out.
    """
    held = [int(digest("held out", key)[:8], 16) / 2**32 < part for key in words.keys]
    numbers = range(len(words))
    return words.only([n for n in numbers if not held[n]]), words.only([n for n in numbers if held[n]])


def picture(strokes: Strokes, size: int, width: float = 3.2) -> U8:
    """Draw and prepare, the same way as a drawing that is searched with: (size, size) uint8."""
    return prepare(draw_strokes(strokes, PICTURE, width), size)


class Drawings:
    """Training data: each epoch, every drawing as another hand could have made it.

    Args:
        words: the drawings.
        size: side of a picture in pixels.
        changes: what may happen to a drawing.
        workers: threads that draw; drawing and preparing leave the interpreter lock.
    """

    def __init__(self, words: Words, size: int, changes: StrokeChanges, workers: int = 2) -> None:
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
