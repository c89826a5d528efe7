"""A data set to arrays: what the teacher, the student and the measures are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sketchshape.config.run import RunSettings
from sketchshape.datasets import Dataset, SketchItem, Task, divide, split_validation
from sketchshape.datasets.parts import Inputs, Part
from sketchshape.errors import DatasetError
from sketchshape.files import digest
from sketchshape.train.data.features import Gathered
from sketchshape.train.data.preparer import Preparer

SPLIT_SEED = 0  # the validation part is the same for every seed of a run, so that their figures compare


def prepare_inputs(dataset: Dataset, preparer: Preparer) -> Inputs:
    """Read, render and encode every item of a data set.

    Args:
        dataset: the items.
        preparer: how.

    Returns:
        The arrays; files that cannot be read are left out and named.

    Raises:
        DatasetError: nothing remains of the shapes or of the training sketches.
    """
    run = preparer.settings
    task = divide(dataset, run.data)
    learn, held = _sketches(task, run)
    finetune = run.train.backbone == "finetune"
    variants = 1 if finetune else run.train.augment  # a fine-tuned backbone gets its variants while it trains
    asked = 2 if run.train.flip_test else 1
    closed = task.gallery is task.shapes
    gathered = {
        "gallery": preparer.shapes(task.gallery),
        "train": preparer.sketches(learn, variants, "training sketches"),
        "validation": preparer.sketches(held, asked, "validation sketches"),
        "test": preparer.sketches(task.test, asked, "test sketches"),
    }
    items = {"gallery": task.gallery, "train": learn, "validation": held, "test": task.test}
    if not closed:
        gathered["shapes"], items["shapes"] = preparer.shapes(task.shapes, "training shapes"), task.shapes
    if task.validation_shapes is not None:
        own = preparer.shapes(task.validation_shapes, "validation shapes")
        gathered["validation_shapes"], items["validation_shapes"] = own, task.validation_shapes
    if run.words.weight and dataset.further:
        gathered["words"] = preparer.sketches(dataset.further, asked, "sketches of other words")
        items["words"] = dataset.further
    parts = {name: as_part(items[name], result) for name, result in gathered.items()}
    fingerprints = [_fingerprint(part) for part in parts.values()]
    parts.setdefault("shapes", parts["gallery"])
    _check(parts, items)
    problems = [problem for result in gathered.values() for problem in result.problems]
    return Inputs(
        task.classes,
        **parts,
        problems=(*dataset.problems, *problems),
        digest=digest(*fingerprints, preparer.weights),
        unseen=task.unseen,
    )


def _sketches(task: Task, run: RunSettings) -> tuple[tuple[SketchItem, ...], tuple[SketchItem, ...]]:
    """Hold sketches out of training; those of classes that validation does not rank are of no use then."""
    learn, held = split_validation(task.train, run.data.validation, SPLIT_SEED, run.data.fold)
    learn, _ = split_validation(learn, 1 - run.data.share, SPLIT_SEED)
    ranked = {item.label for item in (task.shapes if task.unseen else task.gallery)}
    return learn, tuple(item for item in held if item.label in ranked)


def as_part(items: Sequence[Any], gathered: Gathered) -> Part:
    """Join items with what was made of them, leaving out those that failed."""
    kept = tuple(items[index] for index in gathered.kept)
    return Part(kept, np.array([item.label for item in kept], np.int64), gathered.data, gathered.lines)


def _check(parts: Mapping[str, Part], items: Mapping[str, Sequence[Any]]) -> None:
    names = {"gallery": "shape", "shapes": "training shape", "train": "training sketch"}
    for part, name in {**names, "validation_shapes": "validation shape"}.items():
        if part in parts and len(parts[part]) == 0:
            total = len(items[part])
            raise DatasetError(f"no {name} of {total} could be read; the lines above name each file")


def _fingerprint(part: Part) -> list[Any]:
    lines = [] if part.lines is None else [digest(part.lines.tobytes())]
    return [[item.id for item in part.items], part.labels.tolist(), digest(part.data.tobytes()), *lines]
