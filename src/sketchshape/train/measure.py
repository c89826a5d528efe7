"""Measure a trained run: on its own test sketches and gallery, or on folders that it has never seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.config.run import RunSettings
from sketchshape.datasets import ShapeItem, SketchItem, class_key, read_labelled_folder
from sketchshape.datasets.labelled import check_common
from sketchshape.encoders.likeness import likeness
from sketchshape.errors import SketchshapeError, UsageError
from sketchshape.index.choices import check_way
from sketchshape.metrics import Scores, evaluate
from sketchshape.metrics.measured import Measured, with_skipped, without_shapes
from sketchshape.runs.embeddings import load_embeddings
from sketchshape.runs.folder import read_run, seed_folder
from sketchshape.search.ways import Ways
from sketchshape.train.data.preparer import Preparer
from sketchshape.train.trained import load_trained
from sketchshape.upright.many import ways_up


@dataclass(frozen=True, eq=False)
class Side:
    """Queries or gallery from a folder: features or pictures with class names.

    Args:
        ids: of the items that could be read.
        names: class name of each, in the spelling-free form of `class_key`.
        data: (n, k, ...) as the networks take it.
        lines: (n, lines, variants, ...) line drawings of shapes; None where the run has none.
        unreadable: one line for each file that could not be read.
        ways: of the shapes, each of which has a row for each of its ways up; None where items have one row.
    """

    ids: list[str]
    names: list[str]
    data: np.ndarray[Any, Any]
    unreadable: tuple[str, ...]
    lines: np.ndarray[Any, Any] | None = None
    ways: Ways | None = None

    @property
    def unsure(self) -> int:
        """How many shapes have several ways up."""
        return int((self.ways.counts > 1).sum()) if self.ways else 0


def measure(
    run: Path,
    queries: Path | None = None,
    gallery: Path | None = None,
    *,
    up: str | None = None,
    workers: int | None = None,
    quiet: bool = False,
) -> Measured:
    """Rank a gallery for queries with each seed's networks, and measure.

    Args:
        run: folder of a trained run.
        queries: folder with a sub-folder of sketches for each class; None is the run's own test sketches.
        gallery: folder with a sub-folder of shapes for each class; None is the run's own gallery.
        up: which axis of the files of `gallery` points up, as `sketchshape index` takes it: auto judges them,
            and the best counts of several ways. None is the axis with which the run was trained.
        workers: processes that render.
        quiet: show no progress.

    Returns:
        The figures of each seed.

    Raises:
        UsageError: `run` is no run, a folder is not there, or `up` is no way up or has no `gallery`.
        DatasetError: a folder has no sketches or no shapes.
        SketchshapeError: nothing in a folder could be read.
    """
    if up is not None and gallery is None:
        raise UsageError("a run's own gallery stands as it was trained on; give --up with --gallery")
    if up is not None:
        check_way(up)
    settings, record = read_run(run)
    classes = [class_key(name) for name in record["classes"]]
    sides = _Sides(settings, workers, quiet)
    asked = sides.sketches(queries) if queries else None
    offered = sides.shapes(gallery, up) if gallery else None
    seeds: dict[int, Scores] = {}
    missing: dict[str, int] = {}
    for seed in settings.train.seeds:
        folder = seed_folder(run, seed)
        own = load_embeddings(folder / "embeddings.npz")
        query_names, shape_names = (
            [classes[label] for label in labels] for labels in (own.query_labels, own.gallery_labels)
        )
        query_rows, shape_rows = own.query_embeddings, own.gallery_embeddings
        if asked or offered:
            trained = load_trained(folder, settings, record["hash"], sides.preparer.device)
            if asked:
                query_names, query_rows = asked.names, trained.embed_sketches(asked.data)
            if offered:
                shape_names, shape_rows = offered.names, trained.embed_shapes(offered.data, offered.lines)
        check_common(query_names, shape_names)
        similarity = likeness(own.likeness).between(query_rows, shape_rows)
        if offered and offered.ways:
            similarity = offered.ways.best(similarity)
        seeds[seed] = evaluate(similarity, np.array(query_names), np.array(shape_names))
        missing = without_shapes(query_names, shape_names)
    unreadable = (*(asked.unreadable if asked else ()), *(offered.unreadable if offered else ()))
    if asked and asked.unreadable:
        seeds = {seed: with_skipped(one, len(asked.unreadable)) for seed, one in seeds.items()}
    return Measured(seeds, unreadable, missing, offered.unsure if offered else 0)


class _Sides:
    """Makes both sides with one preparer, which is costly and built only if a folder is given."""

    def __init__(self, settings: RunSettings, workers: int | None, quiet: bool) -> None:
        self._settings, self._workers, self._quiet = settings, workers, quiet
        self._preparer: Preparer | None = None

    @property
    def preparer(self) -> Preparer:
        if self._preparer is None:
            self._preparer = Preparer(self._settings, workers=self._workers, quiet=self._quiet)
        return self._preparer

    def sketches(self, folder: Path) -> Side:
        items = read_labelled_folder(folder, "sketches")
        variants = 2 if self._settings.train.flip_test else 1
        sketches = [item for _, item in items]
        return _side(items, self.preparer.sketches(sketches, variants, "queries"), folder, "sketch")

    def shapes(self, folder: Path, up: str | None) -> Side:
        """Give a row for each way up of each shape."""
        items = read_labelled_folder(folder, "shapes")
        told = self._settings.data.up
        paths = [item.path for _, item in items]
        ups = [(told,) for _ in paths] if up is None else ways_up(paths, up, workers=self._workers)
        rows = [(number, one) for number, ways in enumerate(ups) for one in ways]
        shapes = [items[number][1] for number, _ in rows]
        gathered = self.preparer.shapes(shapes, "gallery", [one for _, one in rows])
        kept = [rows[row] for row in gathered.kept]
        numbers = sorted({number for number, _ in kept})
        side = _side(items, replace(gathered, kept=numbers), folder, "shape")
        return replace(side, ways=Ways([number for number, _ in kept], [one for _, one in kept]))


def _side(
    items: Sequence[tuple[str, SketchItem]] | Sequence[tuple[str, ShapeItem]],
    gathered: Any,
    folder: Path,
    what: str,
) -> Side:
    if not gathered.kept:
        first = gathered.problems[0] if gathered.problems else "no reason known"
        raise SketchshapeError(f"{folder}: no {what} of {len(items)} could be read; the first: {first}")
    kept = [items[index] for index in gathered.kept]
    return Side(
        [item.id for _, item in kept],
        [class_key(name) for name, _ in kept],
        gathered.data,
        tuple(dict.fromkeys(gathered.problems)),  # a shape that may stand in several ways fails in each
        gathered.lines,
    )
