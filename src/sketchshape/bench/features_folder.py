"""The features of all methods in files that each worker maps into its memory instead of loading them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.datasets import ShapeItem, SketchItem
from sketchshape.datasets.parts import Inputs, Part
from sketchshape.errors import ArtefactError
from sketchshape.files import atomic, write_json

SHAPES = ("shapes", "gallery", "validation_shapes")
PARTS = ("shapes", "gallery", "train", "validation", "test")
RECORD = "inputs.json"
TEACHERS = "teachers"  # folder beside the features, in which equal teachers are kept


def save_inputs(inputs: Inputs, folder: Path) -> None:
    """Write inputs.

    Args:
        inputs: all parts of a data set.
        folder: what it holds of other inputs is replaced.
    """
    (folder / RECORD).unlink(missing_ok=True)  # it is written last: where it is, the arrays are whole
    closed = inputs.gallery is inputs.shapes
    ids, labels = {}, {}
    own = () if inputs.validation_shapes is None else ("validation_shapes",)
    for name in (*PARTS[closed:], *own):
        part: Part = getattr(inputs, name)
        _save(folder / f"{name}.npy", part.data)
        _save(folder / f"{name}-lines.npy", part.lines)
        ids[name], labels[name] = [item.id for item in part.items], part.labels.tolist()
    facts = {"classes": inputs.classes, "unseen": inputs.unseen, "closed": closed, "digest": inputs.digest}
    write_json(folder / RECORD, {**facts, "ids": ids, "labels": labels})


def load_inputs(folder: Path) -> Inputs:
    """Read inputs; the arrays are mapped, so that they take memory only where they are used.

    Args:
        folder: what `save_inputs` wrote.

    Returns:
        The inputs, without the paths of the items and without problems.

    Raises:
        ArtefactError: the folder holds no whole inputs.
    """
    try:
        facts = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        parts = {
            name: _part(folder / f"{name}.npy", ids, facts["labels"][name])
            for name, ids in facts["ids"].items()
        }
        parts.setdefault("shapes", parts["gallery"])
        classes, unseen = tuple(facts["classes"]), tuple(facts["unseen"])
        return Inputs(classes, **parts, problems=(), digest=facts["digest"], unseen=unseen)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtefactError(f"{folder}: no inputs ({error}); run the bench again") from None


def to_learn_from(inputs: Inputs) -> Inputs:
    """Leave out all that a method must not look at: other shapes, validation sketches and test sketches."""
    nothing = inputs.test.emptied()
    return replace(inputs, gallery=inputs.shapes, validation=nothing, test=nothing, validation_shapes=None)


def without_lines(inputs: Inputs) -> Inputs:
    """Leave out line drawings, for a method that does not ask for them."""
    parts = {name: part for name in SHAPES if (part := getattr(inputs, name)) is not None}
    return replace(inputs, **{name: replace(part, lines=None) for name, part in parts.items()})


def _save(path: Path, data: np.ndarray[Any, Any] | None) -> None:
    if data is None:
        path.unlink(missing_ok=True)
        return
    with atomic(path) as temporary, temporary.open("wb") as stream:
        np.save(stream, data)


def _part(path: Path, ids: list[str], labels: list[int]) -> Part:
    kind: Any = ShapeItem if path.stem in SHAPES else SketchItem
    items = tuple(kind(name, label, Path()) for name, label in zip(ids, labels, strict=True))
    # Copy on write: torch warns about arrays that cannot be written to.
    data, drawn = np.load(path, mmap_mode="c"), path.with_name(f"{path.stem}-lines.npy")
    lines = np.load(drawn, mmap_mode="c") if drawn.is_file() else None
    return Part(items, np.array(labels, np.int64), data, lines)
