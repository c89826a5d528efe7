"""What is learned from and what is ranked: closed gallery, shapes held out, or classes never seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TypeVar

from sketchshape.config.data import DataSettings
from sketchshape.datasets.items import Dataset, ShapeItem, SketchItem
from sketchshape.datasets.split import split_validation
from sketchshape.datasets.walk import class_key
from sketchshape.errors import ConfigError, DatasetError
from sketchshape.files import digest

HELD_OUT = 0.2  # part of the shapes of a class that is kept out of training
CHOSEN_WITH = HELD_OUT / (1 - HELD_OUT)  # of the others, so that validation ranks about as many
UNSEEN = 5  # of so many classes, one is left out of training
SHAPE_SEED = 1  # the split of the shapes is the same for every run

Item = TypeVar("Item", ShapeItem, SketchItem)


@dataclass(frozen=True)
class Task:
    """A data set, divided as a protocol says.

    Labels are indices into `classes` followed by `unseen`, so that a network learns the labels 0..n-1 of its
    n classes, whatever the protocol.

    Args:
        classes: names of the classes that are learned.
        unseen: names of the classes that are ranked and asked for without having been learned.
        shapes: that are learned from.
        gallery: shapes that are ranked; the very tuple `shapes` where the gallery is closed.
        train: sketches to learn from.
        test: sketches to report on.
        validation_shapes: that are kept for validation to rank; None where it has no shapes of its own.
    """

    classes: tuple[str, ...]
    unseen: tuple[str, ...]
    shapes: tuple[ShapeItem, ...]
    gallery: tuple[ShapeItem, ...]
    train: tuple[SketchItem, ...]
    test: tuple[SketchItem, ...]
    validation_shapes: tuple[ShapeItem, ...] | None = None


def divide(dataset: Dataset, data: DataSettings) -> Task:
    """Divide a data set by the protocol `data.protocol`.

    closed: all shapes are learned from and ranked; only the sketches are split. [CGN]
    held-out: a fifth of the shapes of each class with at least `data.held_out_least` of them, chosen by a
    hash of their ids, is kept out of training and ranked for the sketches of those classes. Where sketches
    are held out to choose by (`data.validation`), they rank another fifth of the same classes, so that no
    choice sees the shapes of the final figure.
    unseen: the classes of `data.unseen`, or where it is empty a fifth of all classes by a hash of their
    names, are left out of training altogether; their shapes are ranked for their sketches.

    Args:
        dataset: the items.
        data: the protocol and its settings.

    Returns:
        The items by role. Training sketches of the other classes are the same in each protocol.

    Raises:
        ConfigError: `data.unseen` names a class that there is not, or leaves less than 2 to learn.
        DatasetError: the protocol leaves nothing to rank or to ask for.
    """
    if data.protocol == "held-out":
        return _held_out(dataset, data.held_out_least, choosing=data.validation > 0)
    if data.protocol == "unseen":
        return _unseen(dataset, data.unseen)
    return Task(dataset.classes, (), dataset.shapes, dataset.shapes, dataset.train, dataset.test)


def _held_out(dataset: Dataset, least: int, *, choosing: bool) -> Task:
    sizes = Counter(item.label for item in dataset.shapes)
    large = [item for item in dataset.shapes if sizes[item.label] >= least]
    rest, gallery = split_validation(large, HELD_OUT, SHAPE_SEED)
    labels = {item.label for item in gallery}
    test = tuple(item for item in dataset.test if item.label in labels)
    if not test:
        raise DatasetError(
            f"data.protocol is 'held-out', but no class with test sketches has {least} shapes or more (the "
            f"largest has {max(sizes.values())}); lower data.held_out_least"
        )
    own = split_validation(rest, CHOSEN_WITH, SHAPE_SEED)[1] if choosing else None
    held = {item.id for item in (*gallery, *(own or ()))}
    shapes = tuple(item for item in dataset.shapes if item.id not in held)
    return Task(dataset.classes, (), shapes, gallery, dataset.train, test, own)


def _unseen(dataset: Dataset, names: Sequence[str]) -> Task:
    chosen = _chosen(dataset.classes, names)
    order = [label for label in range(len(dataset.classes)) if label not in chosen] + sorted(chosen)
    new = {old: label for label, old in enumerate(order)}
    seen = len(order) - len(chosen)
    task = Task(
        classes=tuple(dataset.classes[label] for label in order[:seen]),
        unseen=tuple(dataset.classes[label] for label in order[seen:]),
        shapes=_relabelled(dataset.shapes, {old: label for old, label in new.items() if label < seen}),
        gallery=_relabelled(dataset.shapes, {old: label for old, label in new.items() if label >= seen}),
        train=_relabelled(dataset.train, {old: label for old, label in new.items() if label < seen}),
        test=_relabelled(dataset.test, {old: label for old, label in new.items() if label >= seen}),
    )
    if not task.test:
        raise DatasetError(
            f"data.protocol is 'unseen', but there is no test sketch of {', '.join(task.unseen)}; name other "
            "classes in data.unseen"
        )
    return task


def _chosen(classes: Sequence[str], names: Sequence[str]) -> set[int]:
    """Find the labels of the classes that are left out."""
    known = {class_key(name): label for label, name in enumerate(classes)}
    for name in names:
        if class_key(name) not in known:
            near = get_close_matches(class_key(name), known, n=1)
            meant = f"did you mean {classes[known[near[0]]]!r}?" if near else "name classes of the data set"
            raise ConfigError(f"data.unseen names {name!r}, which is no class here; {meant}")
    drawn = sorted(range(len(classes)), key=lambda label: digest("unseen", class_key(classes[label])))
    chosen = {known[class_key(name)] for name in names} or set(drawn[: max(1, len(classes) // UNSEEN)])
    if len(classes) - len(chosen) < 2:
        raise ConfigError(
            f"data.unseen leaves {len(classes) - len(chosen)} of {len(classes)} classes to learn, expected "
            "at least 2; name less of them"
        )
    return chosen


def _relabelled(items: Sequence[Item], labels: dict[int, int]) -> tuple[Item, ...]:
    """Keep the items of some classes, with their new labels."""
    return tuple(replace(item, label=labels[item.label]) for item in items if item.label in labels)
