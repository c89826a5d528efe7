"""The folders by which the shapes of a library are told apart."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

import numpy as np

from sketchshape.types import I64


class Folders:
    """Names the folder of each shape on the first level on which shapes lie in different ones.

    Args:
        tags: for each shape the folders that it is in, as JSON; there are far fewer of these than shapes.
    """

    def __init__(self, tags: Sequence[str]) -> None:
        self._tags, counts = tags, Counter(tags)
        names = _telling({text: tuple(json.loads(text)) for text in counts})
        shapes: Counter[str] = Counter()
        for text, count in counts.items():
            shapes[names[text]] += count
        self.labels = [name for name, _ in shapes.most_common() if name]
        """The names, that of the most shapes first."""
        number = {name: place for place, name in enumerate(self.labels)}
        self._number = {text: number.get(name, -1) for text, name in names.items()}

    def of(self, places: I64) -> list[int]:
        """Give for each shape the place of its name in `labels`; -1 for none."""
        return [self._number[self._tags[place]] for place in places.tolist()]


def from_all_over(total: int, most: int) -> I64:
    """Pick at most so many of a number of shapes, evenly: their places, rising."""
    if total <= most:
        return np.arange(total)
    picked: I64 = np.arange(most) * total // most
    return picked


def _telling(tags: dict[str, tuple[str, ...]]) -> dict[str, str]:
    depth = max(map(len, tags.values()), default=0)
    for level in range(depth):
        names = {text: parts[level] if len(parts) > level else "" for text, parts in tags.items()}
        if len(set(names.values())) > 1:
            return names
    return {text: parts[-1] if parts else "" for text, parts in tags.items()}
