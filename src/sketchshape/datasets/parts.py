"""A data set as arrays: what the teacher, the student and the measures are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sketchshape.datasets.items import ShapeItem, SketchItem
from sketchshape.types import I64


@dataclass(frozen=True, eq=False)
class Part:
    """Labelled items that could be read.

    Args:
        items: the items, in order.
        labels: (n,) int64, indices of classes.
        data: (n, k, ...) features or pictures; k views of a shape or variants of a sketch.
        lines: (n, lines, variants, ...) the same of line drawings of shapes; None where there are none.
    """

    items: tuple[ShapeItem, ...] | tuple[SketchItem, ...]
    labels: I64
    data: np.ndarray[Any, Any]
    lines: np.ndarray[Any, Any] | None = None

    def __len__(self) -> int:
        return len(self.items)

    def emptied(self) -> Part:
        """Give a part without any item, of the same kind."""
        return Part((), self.labels[:0], self.data[:0])


@dataclass(frozen=True, eq=False)
class Inputs:
    """All parts of a data set, ready for training.

    Labels are indices into `names`: first the classes that are learned, then those that are only ranked.

    Args:
        classes: names of the classes that are learned.
        shapes: that are learned from.
        gallery: shapes that are ranked; in the closed protocol, those that are learned from.
        train: sketches that are learned from.
        validation: sketches held out of training.
        test: sketches for the final figure.
        problems: one line for each file that is left out.
        digest: hash of all that decides the arrays.
        unseen: names of the classes that are ranked without having been learned.
        words: sketches of words that have no shapes, with labels of their own; None where nothing learns from
            them.
        validation_shapes: that are kept for validation to rank; None where it has no shapes of its own.
    """

    classes: tuple[str, ...]
    shapes: Part
    gallery: Part
    train: Part
    validation: Part
    test: Part
    problems: tuple[str, ...]
    digest: str
    unseen: tuple[str, ...] = ()
    words: Part | None = None
    validation_shapes: Part | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The class names by label, learned or not."""
        return self.classes + self.unseen

    @property
    def validation_gallery(self) -> Part:
        """The shapes that validation ranks: no choice may see classes or shapes that are held out."""
        if self.validation_shapes is not None:
            return self.validation_shapes
        return self.shapes if self.unseen else self.gallery
