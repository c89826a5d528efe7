"""Measure an index: how well it is searched with drawings whose classes are known."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sketchshape.datasets import SketchItem, class_key, read_labelled_folder
from sketchshape.datasets.labelled import check_common
from sketchshape.errors import SketchError, SketchshapeError
from sketchshape.metrics import evaluate
from sketchshape.metrics.measured import Measured, with_skipped, without_shapes
from sketchshape.progress import Steps
from sketchshape.search.searcher import Searcher
from sketchshape.types import F32


def measure_index(searcher: Searcher, queries: Path, *, quiet: bool = False) -> Measured:
    """Search with each query as a person does, and measure where the shapes of its class come.

    Args:
        searcher: of an index. A shape is of the class that the first folder on its way is named after, below
            the one that holds all of them.
        queries: folder with a sub-folder of sketches for each class.
        quiet: show no progress.

    Returns:
        The figures, as of one seed.

    Raises:
        DatasetError: the folder has no sketches, or none has a shape of its class.
        SketchshapeError: no query could be read, or the index has no shapes.
    """
    shapes = classes_of([entry.path for entry in searcher.catalogue.entries()])
    items = read_labelled_folder(queries, "sketches")
    check_common([class_key(name) for name, _ in items], shapes)
    rows, names, unreadable = _ask(searcher, items, quiet)
    if not rows:
        first = unreadable[0]
        raise SketchshapeError(f"{queries}: no sketch of {len(items)} could be read; the first: {first}")
    check_common(names, shapes)
    scores = evaluate(np.stack(rows), np.array(names), np.array(shapes))
    seeds = {0: with_skipped(scores, len(unreadable))}
    return Measured(seeds, tuple(unreadable), without_shapes(names, shapes), searcher.catalogue.unsure())


def classes_of(paths: Sequence[Path]) -> list[str]:
    """Name the class of each shape, in the form of `class_key`: the folder in which the paths part."""
    if not paths:
        raise SketchshapeError("the index has no shapes; index a folder with a sub-folder for each class")
    base = Path(os.path.commonpath([path.parent for path in paths]))
    inner = [path.relative_to(base).parts for path in paths]
    return [class_key(parts[0] if len(parts) > 1 else base.name) for parts in inner]


def _ask(
    searcher: Searcher, items: Sequence[tuple[str, SketchItem]], quiet: bool
) -> tuple[list[F32], list[str], list[str]]:
    """Give the likeness of each query with each shape, the classes of queries, and what could not be read."""
    rows, names, unreadable = [], [], []
    with Steps("queries", len(items), "queries", quiet=quiet) as steps:
        for name, item in items:
            steps.advance()
            try:
                ranking = searcher.search(item.path if item.line is None else item.read(), len(searcher))
            except SketchError as error:
                unreadable.append(f"{item.id}: {error}")
                continue
            least = ranking.scores.min(initial=0.0) - 1  # of what an engine has not found
            row = np.full(len(searcher), least, np.float32)
            row[np.searchsorted(searcher.ids, ranking.ids)] = ranking.scores
            rows.append(row)
            names.append(class_key(name))
    return rows, names, unreadable
