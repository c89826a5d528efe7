"""Anybody's own data: folders named after the classes.

ROOT/shapes/<class>/** holds mesh files (a zip archive is a folder), ROOT/sketches/{train,test}/<class>/**
pictures and strokes, unpacked; the strokes of a class may also be ROOT/sketches/{train,test}/<class>.ndjson.
Without the level train/test, `TEST_FRACTION` of the sketches of each class, chosen by a hash of their names,
are the test sketches. Training sketches of what has no shapes are kept apart, for a words head to learn from.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from sketchshape.datasets.items import Dataset, SketchItem
from sketchshape.datasets.labelled import Found, find_shapes, find_sketches
from sketchshape.datasets.split import split_validation
from sketchshape.datasets.walk import class_key, hidden, some
from sketchshape.errors import DatasetError

TEST_FRACTION = 0.3
EXPECTED = "expected are shapes/<class>/* and sketches/{train,test}/<class>/*"


def load(root: Path, *, strict: bool = True) -> Dataset:
    """Read the folders; the classes are those that have shapes, sorted.

    Args:
        root: the folder with shapes/ and sketches/.
        strict: has no effect here: the sizes are not known.

    Returns:
        The data set; ids are paths under shapes/ and sketches/, for strokes with the key of the drawing.

    Raises:
        DatasetError: a folder is missing, or has no shape, training sketch or test sketch of a common class.
    """
    del strict
    for part in ("shapes", "sketches"):
        if not (root / part).is_dir():
            raise DatasetError(f"{root} has no folder {part}; {EXPECTED}")
    shapes = find_shapes(root / "shapes")
    train, test, problems = _parts(root / "sketches")
    names = _names(shapes)
    labels = {key: label for label, key in enumerate(names)}
    words = {key: name for key, name in _names(train).items() if key not in names}
    problems = [*shapes.problems, *problems, *_uneven(names, train, test), *_leaks(train, test)]
    dataset = Dataset(
        "folder",
        tuple(names[key] for key in labels),
        tuple(replace(item, label=labels[class_key(name)]) for name, item in shapes.items),
        _labelled(train, labels),
        _labelled(test, labels),
        tuple(problems),
        tuple(words.values()),
        _labelled(train, {key: label for label, key in enumerate(words)}),
    )
    parts = {"shape": dataset.shapes, "training sketch": dataset.train, "test sketch": dataset.test}
    for what, items in parts.items():
        if not items:
            reason = problems[0] if problems else EXPECTED
            raise DatasetError(f"{root}: no {what} of a class with shapes and sketches; {reason}")
    return dataset


def _parts(folder: Path) -> tuple[Found[SketchItem], Found[SketchItem], list[str]]:
    folders = {path.name for path in folder.iterdir() if path.is_dir() and not hidden(path.name)}
    if not {"train", "test"} <= folders:  # one of them alone may be a class: a train is a word to draw
        found = find_sketches(folder, folder)
        return *_split(found), found.problems
    train, test = (find_sketches(folder / part, folder) for part in ("train", "test"))
    beside = sorted(folders - {"train", "test"})
    ignored = [f"folders beside train and test are ignored: {some(beside)}"] if beside else []
    return train, test, [*train.problems, *test.problems, *ignored]


def _split(found: Found[SketchItem]) -> tuple[Found[SketchItem], Found[SketchItem]]:
    parts = split_validation([item for _, item in found.items], TEST_FRACTION, seed=0)
    train, test = ({item.id for item in part} for part in parts)
    return (
        Found([(name, item) for name, item in found.items if item.id in train], []),
        Found([(name, item) for name, item in found.items if item.id in test], []),
    )


def _labelled(found: Found[SketchItem], labels: dict[str, int]) -> tuple[SketchItem, ...]:
    known = ((labels.get(class_key(name)), item) for name, item in found.items)
    return tuple(replace(item, label=label) for label, item in known if label is not None)


def _names(found: Found[Any]) -> dict[str, str]:
    """Give the classes as key and name, sorted by key; of several spellings the first one counts."""
    names = {class_key(name): name for name in sorted({name for name, _ in found.items}, reverse=True)}
    return dict(sorted(names.items()))


def _uneven(names: dict[str, str], train: Found[SketchItem], test: Found[SketchItem]) -> list[str]:
    learnt, asked = ({class_key(name): name for name, _ in found.items} for found in (train, test))
    drawn = {**learnt, **asked}
    cases = {
        "have sketches but no shapes and are left out, but for a words head": drawn.keys() - names.keys(),
        "have shapes but no sketches; the shapes stay in the gallery": names.keys() - drawn.keys(),
        "have no training sketches": names.keys() & (drawn.keys() - learnt.keys()),
        "have no test sketches": names.keys() & (drawn.keys() - asked.keys()),
    }
    known = {**drawn, **names}
    return [
        f"{len(keys)} classes {what}: {some(known[key] for key in sorted(keys))}"
        for what, keys in cases.items()
        if keys
    ]


def _leaks(train: Found[SketchItem], test: Found[SketchItem]) -> list[str]:
    """Name the drawings that, by their keys, are in both parts."""
    learnt, asked = ({_key(name, item) for name, item in found.items} for found in (train, test))
    both = sorted(key for key in learnt & asked if key)
    return [f"{len(both)} drawings are training and test sketches at once: {some(both)}"] if both else []


def _key(name: str, item: SketchItem) -> str:
    key = item.id.partition("#")[2]
    return f"{class_key(name)} {key}" if key and key != str(item.line) else ""
