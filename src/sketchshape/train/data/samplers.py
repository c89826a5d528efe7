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


def paired(sketches: I64, shapes: I64, size: int, random: np.random.Generator) -> Plan:
    """Plan batches whose rows are compared one by one, each comparison half of the time within one class.

    A batch of B sketches and B shapes has two halves. Row i of the sketches is compared with row i of the
    shapes, and in both modalities row i with row i + B/2. So four items belong together. They are all of
    one class, or one class for sketches and one for shapes, or one class for each half, or each comparison
    is between two classes; these four cases are equally frequent.

    Args:
        sketches: (n,) labels; each epoch takes every sketch once, but for one where n is odd.
        shapes: (m,) labels, of two classes or more, among them all of `sketches`.
        size: B, at least 2; an odd one is lowered by 1.
        random: where all randomness comes from.

    Returns:
        Row numbers, as many of sketches as of shapes in each batch.
    """
    classes, labels, counts = np.unique(shapes, return_inverse=True, return_counts=True)
    couples = _couples(sketches, random)
    one, two = np.searchsorted(classes, sketches[couples]).T
    near = np.arange(len(couples)) % 2 == 0  # the shape is of its sketch's class; couples alike come first
    shape_one = np.where(near, one, _other(one, len(classes), random))
    shape_two = np.where(near, two, _other(two, len(classes), random))
    shape_two = np.where(~near & (one == two), shape_one, shape_two)
    shape_two = np.where(~near & (one != two) & (shape_one == shape_two), one, shape_two)
    place = random.integers(counts[shape_one])  # of a shape in its class
    next_place = (place + random.integers(1, np.maximum(counts[shape_two], 2))) % counts[shape_two]
    sorted_rows, starts = labels.argsort(kind="stable"), counts.cumsum() - counts
    partners = sorted_rows[np.stack([starts[shape_one] + place, starts[shape_two] + next_place], 1)]
    groups = _cut(random.permutation(len(couples)), size // 2)
    return [(couples[group].T.ravel(), partners[group].T.ravel()) for group in groups]


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


def _couples(labels: I64, random: np.random.Generator) -> I64:
    """Pair up all items, half of them within their class: (n // 2, 2) rows, those of one class first."""
    alike, rest = [], []
    for label in random.permutation(np.unique(labels)):
        rows = random.permutation(np.flatnonzero(labels == label))
        count = 2 * min(int(len(rows) / 4 + random.random()), len(rows) // 2)
        alike.append(rows[:count].reshape(-1, 2))
        rest.append(rows[count:])
    left = np.concatenate(rest)  # class after class, so that half of all further on is another class
    half = len(left) // 2
    return np.concatenate([*alike, np.stack([left[:half], left[half : 2 * half]], 1)])


def _other(labels: I64, classes: int, random: np.random.Generator) -> I64:
    return (labels + random.integers(1, classes, len(labels))) % classes


def _chunks(labels: I64, label: int, most: int, random: np.random.Generator) -> list[I64]:
    rows = random.permutation(np.flatnonzero(labels == label))
    return list(np.array_split(rows, -(-len(rows) // most)))


def _cut(order: I64, size: int) -> list[I64]:
    return [order[start : start + size] for start in range(0, len(order), size)]
