"""Splits that depend on the names of the items alone, so that they are the same everywhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol, TypeVar

from sketchshape.config.data import fold_count
from sketchshape.files import digest


class Labelled(Protocol):
    """Whatever has an id and a label: a sketch or a shape."""

    @property
    def id(self) -> str:
        """Unique name."""

    @property
    def label(self) -> int:
        """Index of the class."""


Item = TypeVar("Item", bound=Labelled)


def split_validation(
    items: Sequence[Item], fraction: float, seed: int, fold: int = 0
) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    """Hold out a part of each class.

    Where 1 / `fraction` is whole, each item is in one of so many folds; only the one of a class that has no
    other is in none.

    Args:
        items: with distinct ids.
        fraction: of each class, 0..1, rounded to the nearest number of items; one item always stays.
        seed: another seed holds out others.
        fold: which part of that size, from 0 to `fold_count(fraction)` - 1; no two have an item in common.

    Returns:
        The items that stay and the items held out, both in the order given.

    Raises:
        ValueError: `fraction` or `fold` is out of its range.
    """
    if not 0 <= fraction <= 1:
        raise ValueError(f"fraction is {fraction}, expected 0 to 1")
    folds = fold_count(fraction)
    if not 0 <= fold < folds:
        raise ValueError(f"fold is {fold}, expected 0 to {folds - 1} of a fraction of {fraction}")
    classes: dict[int, list[Item]] = defaultdict(list)
    for item in items:
        classes[item.label].append(item)
    held: set[str] = set()
    for members in classes.values():
        first, end = (int(len(members) * fraction * number + 0.5) for number in (fold, fold + 1))
        end = min(end, first + len(members) - 1)
        drawn = sorted(members, key=lambda item: digest("split", seed, item.id))
        held.update(item.id for item in drawn[first:end])
    return (
        tuple(item for item in items if item.id not in held),
        tuple(item for item in items if item.id in held),
    )
