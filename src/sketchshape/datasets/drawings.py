"""Drawings of many words as strokes, as Quick, Draw! gives them out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sketchshape.errors import ArtefactError, DatasetError
from sketchshape.files import digest
from sketchshape.images import Strokes
from sketchshape.types import I64


@dataclass(frozen=True, eq=False)
class Drawings:
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

    def only(self, chosen: Sequence[int]) -> Drawings:
        """Give some of the drawings, of the same words."""
        strokes = tuple(self.strokes[n] for n in chosen)
        keys = tuple(self.keys[n] for n in chosen)
        return replace(self, strokes=strokes, labels=self.labels[np.asarray(chosen, int)], keys=keys)


def read_drawings(folder: Path, left_out: frozenset[str] = frozenset()) -> Drawings:
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
    return Drawings(
        tuple(path.stem for path in files), tuple(strokes), np.array(labels, np.int64), tuple(keys)
    )


def split_drawings(words: Drawings, part: float) -> tuple[Drawings, Drawings]:
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
