"""What every reader of a data set gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sketchshape.errors import SketchError
from sketchshape.images import draw_strokes, read_sketch, read_strokes
from sketchshape.types import U8

STROKES = (".ndjson", ".json")
LEAST_SIDE = 16  # pixels of the longer side of a sketch; a thumbnail of less shows nothing


@dataclass(frozen=True)
class ShapeItem:
    """A shape of the gallery.

    Args:
        id: its name in the data set, unique among the shapes.
        label: index of its class.
        path: the mesh file.
    """

    id: str
    label: int
    path: Path


@dataclass(frozen=True)
class SketchItem:
    """A human drawing.

    Args:
        id: its name in the data set, unique among the sketches.
        label: index of its class.
        path: a picture, or a file of strokes.
        line: 1-based line of an .ndjson file; None where the file is one drawing.
    """

    id: str
    label: int
    path: Path
    line: int | None = None

    def read(self) -> U8:
        """Give the sketch as a picture.

        Returns:
            (H, W) uint8, 0 = ink, 255 = paper; strokes are drawn at 256 pixels.

        Raises:
            SketchError: the file cannot be read, has no ink, or is too small to show anything.
        """
        if self.path.suffix.lower() in STROKES:
            return draw_strokes(read_strokes(self.path, self.line))
        picture = read_sketch(self.path)
        height, width = picture.shape
        if max(height, width) < LEAST_SIDE:
            size = f"is {width} x {height} pixels, expected a side of {LEAST_SIDE} or more"
            raise SketchError(self.path, f"{size}; take a larger picture")
        return picture


@dataclass(frozen=True)
class Dataset:
    """Labelled shapes and sketches, in a fixed order.

    Args:
        name: the layout.
        classes: class names; labels are indices into them.
        shapes: the gallery.
        train: sketches to learn from.
        test: sketches to report on, and for nothing else.
        problems: one sentence each on what is missing or was left out.
        words: names of kinds of things that are drawn but have no shape; only a layout of one's own has them.
        further: training sketches of these words; labels are indices into `words`.
    """

    name: str
    classes: tuple[str, ...]
    shapes: tuple[ShapeItem, ...]
    train: tuple[SketchItem, ...]
    test: tuple[SketchItem, ...]
    problems: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    further: tuple[SketchItem, ...] = ()

    def summary(self) -> dict[str, Any]:
        """Give the sizes as values of JSON: totals, smallest and largest class of a part, problems."""
        parts: dict[str, Sequence[ShapeItem | SketchItem]] = {
            "shapes": self.shapes,
            "train": self.train,
            "test": self.test,
        }
        counts = {part: Counter(item.label for item in items).values() for part, items in parts.items()}
        return {
            "name": self.name,
            "classes": len(self.classes),
            **{part: len(items) for part, items in parts.items()},
            **{f"{part}_classes": len(sizes) for part, sizes in counts.items()},
            **{
                f"{part}_per_class": [min(sizes, default=0), max(sizes, default=0)]
                for part, sizes in counts.items()
            },
            "problems": list(self.problems),
        }
