"""Items of a data set to the pictures that a network sees; a bad file is reported in their place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from sketchshape.config.run import ViewSettings
from sketchshape.datasets import ShapeItem, SketchItem
from sketchshape.errors import FileError, SketchError
from sketchshape.files import digest
from sketchshape.images import prepare, prepare_views, variants
from sketchshape.render import cached_views
from sketchshape.types import U8

Made = Iterator[tuple[int, U8 | FileError]]
AHEAD = 64  # sketches that are read before the first of them is used


def shape_pictures(
    items: Sequence[ShapeItem],
    views: ViewSettings,
    up: str | Sequence[str],
    size: int,
    *,
    cache: Path | None,
    workers: int | None,
) -> Made:
    """Render and prepare the views of shapes.

    Args:
        items: the shapes.
        views: cameras and size of a view.
        up: axis of the files that points up, or one for each of them.
        size: side of a prepared picture in pixels.
        cache: folder of rendered views; None is the usual one.
        workers: processes that render; None is all cores.

    Yields:
        Index into `items`, and (views, size, size) uint8 or the error of that file; in any order.
    """
    paths = [item.path for item in items]
    for index, rendered in cached_views(
        paths,
        count=views.count,
        size=views.size,
        elevations=views.elevations,
        up=up,
        cache=cache,
        workers=workers,
    ):
        if isinstance(rendered, FileError):
            yield index, rendered
        else:
            yield index, prepare_views(rendered, size)


def line_pictures(
    items: Sequence[ShapeItem],
    views: ViewSettings,
    up: str | Sequence[str],
    size: int,
    *,
    mirrored: bool,
    cache: Path | None,
    workers: int | None,
) -> Made:
    """Draw shapes in lines, and prepare the drawings as sketches are.

    Args:
        items: the shapes.
        views: cameras and size of a drawing.
        up: axis of the files that points up, or one for each of them.
        size: side of a prepared picture in pixels.
        mirrored: whether each drawing is followed by its mirror image.
        cache: folder of rendered views; None is the usual one.
        workers: processes that render; None is all cores.

    Yields:
        Index into `items`, and (lines, size, size) uint8, twice as many where mirrored, or the error of that
        file; in any order.
    """
    for index, drawn in cached_views(
        [item.path for item in items],
        count=views.lines,
        size=views.line_size,
        elevations=views.line_elevations,
        up=up,
        style="lines",
        cache=cache,
        workers=workers,
    ):
        if isinstance(drawn, FileError):
            yield index, drawn
            continue
        pictures = prepare_views(drawn, size)
        both = [pictures, pictures[..., ::-1]] if mirrored else [pictures]
        yield index, np.stack(both, 1).reshape(-1, size, size)


def sketch_pictures(items: Sequence[SketchItem], size: int, *, count: int = 1, rotation: float = 0.0) -> Made:
    """Read and prepare sketches.

    Args:
        items: the sketches.
        size: side of a prepared picture in pixels.
        count: pictures of each: the sketch, its mirror image, then random small changes.
        rotation: largest rotation in degrees of those changes.

    Yields:
        Index into `items`, and (count, size, size) uint8 or the error of that file; in order.
    """

    def make(item: SketchItem) -> U8 | FileError:
        try:
            seed = int(digest("variants", item.id)[:8], 16)
            return np.stack([prepare(one, size) for one in variants(item.read(), count, rotation, seed)])
        except SketchError as error:
            return error
        except ValueError as error:
            return SketchError(item.path, str(error), line=item.line)

    with ThreadPoolExecutor() as pool:  # Pillow decodes and resizes outside the interpreter lock
        for start in range(0, len(items), AHEAD):
            yield from enumerate(pool.map(make, items[start : start + AHEAD]), start)


def batches(made: Iterable[tuple[int, U8]], pictures: int) -> Iterator[tuple[list[int], U8]]:
    """Join the pictures of several items into batches of about one size.

    Args:
        made: index and (k, size, size) uint8 of an item, the same k for all.
        pictures: how many pictures a batch has at least, but for the last.

    Yields:
        The indices of n items, and their pictures (n, k, size, size).
    """
    indices: list[int] = []
    stack: list[U8] = []
    for index, item in made:
        indices.append(index)
        stack.append(item)
        if len(stack) * len(item) >= pictures:
            yield indices, np.stack(stack)
            indices, stack = [], []
    if stack:
        yield indices, np.stack(stack)
