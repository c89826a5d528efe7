"""Splits that depend on the names of the items alone, so that they are the same everywhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol, TypeVar

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
    items: Sequence[Item], fraction: float, seed: int
) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    """Hold out a part of each class.

    Args:
        items: with distinct ids.
        fraction: of each class, 0..1, rounded to the nearest number of items; one item always stays.
        seed: another seed holds out others.

    Returns:
        The items that stay and the items held out, both in the order given.

    Raises:
        ValueError: `fraction` is out of its range.
    """
    if not 0 <= fraction <= 1:
        raise ValueError(f"fraction is {fraction}, expected 0 to 1")
    classes: dict[int, list[Item]] = defaultdict(list)
    for item in items:
        classes[item.label].append(item)
    held: set[str] = set()
    for members in classes.values():
        count = min(int(len(members) * fraction + 0.5), len(members) - 1)
        drawn = sorted(members, key=lambda item: digest("split", seed, item.id))
        held.update(item.id for item in drawn[:count])
    return (
        tuple(item for item in items if item.id not in held),
        tuple(item for item in items if item.id in held),
    )
