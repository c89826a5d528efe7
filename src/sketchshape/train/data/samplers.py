"""Which items an epoch takes, and which sketches and shapes meet in a batch: planned as row numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sketchshape.types import I64

Plan = list[tuple[I64, I64]]  # rows of sketches and rows of shapes, for each batch
Sampler = Callable[[I64, I64, int, np.random.Generator], Plan]


def balanced(labels: I64, balance: float, random: np.random.Generator) -> I64:
    """Order the items of an epoch, those of small classes more often if that is wanted.

    Args:
        labels: (n,) of the items, 0 or more.
        balance: 0..1. With 0 every item comes once. With more there are n rows too, and an item of a class
            of k comes k ** -balance times as often as one of a class of its own: with 1 all classes have the
            same share.
        random: where all randomness comes from.

    Returns:
        (n,) row numbers.
    """
    count = len(labels)
    if not balance:
        return random.permutation(count)
    often = np.bincount(labels)[labels] ** -float(balance)
    # One draw in each of n equal parts of the line that the items share: nothing comes by chance much more
    # often than it should.
    places = (np.arange(count) + random.random(count)) / count
    rows = np.searchsorted(np.cumsum(often / often.sum()), places)
    return random.permutation(np.minimum(rows, count - 1))


def mixed(sketches: I64, shapes: I64, size: int, random: np.random.Generator) -> Plan:
    """Plan batches at random, with half as many shapes as sketches. [TCL].

    Args:
        sketches: (n,) labels; each epoch takes every sketch once, but for a single one left at the end.
        shapes: (m,) labels; all are taken equally often.
        size: sketches of a batch, at least 4.
        random: where all randomness comes from.

    Returns:
        Row numbers.
    """
    order = [part for part in _cut(random.permutation(len(sketches)), size) if len(part) > 1]
    wanted = [max(2, len(part) // 2) for part in order]
    passes = -(-sum(wanted) // len(shapes))
    rows = np.concatenate([random.permutation(len(shapes)) for _ in range(passes)])
    return list(zip(order, np.split(rows[: sum(wanted)], np.cumsum(wanted)[:-1]), strict=True))


def by_class(per_class: tuple[int, int]) -> Sampler:
    """Make the planner of batches that hold several items of each of a few classes. [DCA].

    The planner makes batches of at most `size` sketches and of size / K different classes, as far as there
    are so many. Each epoch takes every sketch once; only where a class is much larger than the others, those
    are taken again so that no batch is short of classes.

    Args:
        per_class: sketches and shapes of each class in a batch; a class with fewer shapes gives all it has.

    Returns:
        The planner.
    """

    def plan(sketches: I64, shapes: I64, size: int, random: np.random.Generator) -> Plan:
        most, beside = per_class
        classes = np.unique(sketches)
        width = min(max(2, size // most), len(classes))
        waiting = {label: _chunks(sketches, label, most, random) for label in classes}
        batches = []
        while any(waiting.values()):
            order = random.permutation(classes)
            chosen = sorted(order, key=lambda label: -len(waiting[label]))[:width]  # the longest queues
            rows = [(waiting[label] or _chunks(sketches, label, most, random)).pop() for label in chosen]
            items = [random.permutation(np.flatnonzero(shapes == label))[:beside] for label in chosen]
            batches.append((np.concatenate(rows), np.concatenate(items)))
        return [batches[index] for index in random.permutation(len(batches))]

    return plan


def _chunks(labels: I64, label: int, most: int, random: np.random.Generator) -> list[I64]:
    rows = random.permutation(np.flatnonzero(labels == label))
    return list(np.array_split(rows, -(-len(rows) // most)))


def _cut(order: I64, size: int) -> list[I64]:
    return [order[start : start + size] for start in range(0, len(order), size)]
