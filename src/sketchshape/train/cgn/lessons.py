"""What teacher, student and words head learn from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from sketchshape.config.run import RunSettings
from sketchshape.datasets.parts import Inputs, Part
from sketchshape.train.data.items import Items
from sketchshape.train.data.sketch_augment import Augment
from sketchshape.types import I64


def teaching(inputs: Inputs, run: RunSettings) -> Items:
    """Give what the teacher learns from: shapes, or sketches where the roles are swapped. [CGN] Table 3."""
    return _shapes(inputs) if run.teacher.modality == "shape" else _sketches(inputs, run)


def learning(inputs: Inputs, run: RunSettings) -> Items:
    """Give what the student learns from: the other modality."""
    return _sketches(inputs, run) if run.teacher.modality == "shape" else _shapes(inputs)


def wording(inputs: Inputs, run: RunSettings) -> Items:
    """Give what the words head learns from: the sketches, and those of the words without shapes."""
    items = _sketches(inputs, run)
    if inputs.words is None:
        return items
    further = inputs.words.data, len(inputs.classes) + inputs.words.labels
    return _variants((items.inputs, items.labels.numpy()), further)


def swapped(inputs: Inputs) -> Inputs:
    """Leave out classes without a training sketch, of which a teacher of sketches finds no center.

    Args:
        inputs: whose shapes may be of more classes than its training sketches.

    Returns:
        The same, but that classes, training shapes and training sketches are of the others, numbered anew.
    """
    known = np.unique(inputs.train.labels)
    if len(known) == len(inputs.classes):
        return inputs
    return replace(
        inputs,
        classes=tuple(inputs.classes[label] for label in known),
        shapes=_only(inputs.shapes, known),
        train=_only(inputs.train, known),
    )


def _only(part: Part, known: I64) -> Part:
    kept = np.flatnonzero(np.isin(part.labels, known))
    lines = None if part.lines is None else part.lines[kept]
    items = tuple(part.items[place] for place in kept)
    return Part(items, np.searchsorted(known, part.labels[kept]), part.data[kept], lines)  # type: ignore[arg-type]


def _shapes(inputs: Inputs) -> Items:
    return Items(inputs.shapes.data, inputs.shapes.labels)


def _sketches(inputs: Inputs, run: RunSettings) -> Items:
    part, drawn = inputs.train, inputs.shapes.lines
    if run.train.backbone != "frozen":
        return Items(part.data[:, 0], part.labels, transform=Augment(run.train.rotation))
    if drawn is None:
        return Items(part.data, part.labels, variants=True)
    further = drawn.reshape(len(drawn), -1, drawn.shape[-1])  # a drawing of a shape is a variant of it
    return _variants((part.data, part.labels), (further, inputs.shapes.labels))


def _variants(*parts: tuple[Any, I64]) -> Items:
    """Join (n, k, ...) items and their labels; each has as many variants as those of the first part."""
    count = parts[0][0].shape[1]
    data = [variants[:, np.arange(count) % variants.shape[1]] for variants, _ in parts]
    return Items(np.concatenate(data), np.concatenate([labels for _, labels in parts]), variants=True)
