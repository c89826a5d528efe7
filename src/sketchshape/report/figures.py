"""All pictures of a report, each with the words that belong to it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from sketchshape.report.chosen import TYPICAL, WORST, typical_queries, worst_queries
from sketchshape.report.classes import confusion, draw_classes, draw_confusion
from sketchshape.report.curves import draw_curves, run_curves
from sketchshape.report.gallery import draw_rows
from sketchshape.report.page import Picture
from sketchshape.report.pictures import rows_of
from sketchshape.runs.results import Run
from sketchshape.types import F64, I64


def draw_all(run: Run, folder: Path, cache: Path | None = None) -> list[Picture]:
    """Draw the pictures of a run.

    Args:
        run: the run.
        folder: where the PNG files go.
        cache: folder of rendered views; None is the usual one.

    Returns:
        The pictures, in the order of the page.
    """
    return [
        _curve(run, folder),
        _retrieval(run, folder, cache, failures=False),
        _retrieval(run, folder, cache, failures=True),
        _classes(run, folder),
        _confusion(run, folder),
    ]


def class_sizes(run: Run) -> dict[int, int]:
    """Count the shapes of each label in the gallery."""
    return dict(Counter(int(label) for label in run.seeds[0].gallery_labels))


def class_precision(run: Run) -> dict[int, float]:
    """Average the AP of each label over its queries, then over the seeds."""
    rows = [seed.scores.per_class for seed in run.seeds]
    return {int(str(label)): float(np.mean([row[label]["map"] for row in rows])) for label in rows[0]}


def nearest_rates(run: Run) -> tuple[F64, list[int], list[int]]:
    """Say how often the nearest shape of a sketch is of which class, over all seeds.

    Returns:
        (R, C) fractions, the R labels of the sketches and the C labels of the gallery.
    """
    truth = np.concatenate([seed.query_labels[seed.scores.per_query.index] for seed in run.seeds])
    nearest = np.concatenate(
        [seed.gallery_labels[seed.best[seed.scores.per_query.index, 0]] for seed in run.seeds]
    )
    rows, columns = _labels(truth), sorted(class_sizes(run))
    return confusion(truth, nearest, len(run.classes))[np.ix_(rows, columns)], rows, columns


def confused(run: Run, most: int = 12) -> list[tuple[str, str, float]]:
    """List the classes that are taken for another most often: sketch, nearest shape, fraction."""
    rates, rows, columns = nearest_rates(run)
    pairs = [
        (run.classes[row], run.classes[column], float(rates[i, j]))
        for i, row in enumerate(rows)
        for j, column in enumerate(columns)
        if row != column and rates[i, j] > 0
    ]
    return sorted(pairs, key=lambda pair: -pair[2])[:most]


def _curve(run: Run, folder: Path) -> Picture:
    sizes, seed = class_sizes(run), run.seeds[0]
    asked = seed.query_labels[seed.scores.per_query.index]
    chance = float(np.mean([sizes[int(label)] for label in asked])) / seed.scores.gallery
    draw_curves(folder / "pr.png", run_curves([one.scores for one in run.seeds], chance))
    curve = np.mean([one.scores.pr for one in run.seeds], axis=0)
    return Picture(
        "pr",
        "Precision and recall",
        f"Precision: {100 * curve[9]:.0f} % at recall 50 %, {100 * curve[-1]:.0f} % at recall 100 %.",
        "Precision at 20 recall levels, interpolated linearly between relevant shapes, mean over queries. "
        f"A random ranking has a precision of {100 * chance:.1f} %.",
    )


def _retrieval(run: Run, folder: Path, cache: Path | None, *, failures: bool) -> Picture:
    seed = run.seeds[0]
    choose, rule = (worst_queries, WORST) if failures else (typical_queries, TYPICAL)
    rows = rows_of(run, seed, choose(seed.scores, seed.query_labels), cache)
    name = "failures" if failures else "retrieval"
    draw_rows(folder / f"{name}.png", rows)
    right = sum(cell.right for row in rows for cell in row[1:])
    shown = sum(len(row) - 1 for row in rows)
    missing = sum(cell.picture is None for row in rows for cell in row)
    lost = (
        f" {missing} pictures could not be made: their files have moved or are unreadable." if missing else ""
    )
    return Picture(
        name,
        "Failures" if failures else "Retrieval examples",
        f"{len(rows)} sketches and the shapes found first: {right} of {shown} are right.",
        f"{rule.format(rows=len(rows))} Right shapes are framed in blue. Seed {seed.seed}.{lost}",
        "wide",
    )


def _classes(run: Run, folder: Path) -> Picture:
    sizes = class_sizes(run)
    precision = {run.classes[label]: value for label, value in class_precision(run).items()}
    mean = float(np.mean([seed.scores.map for seed in run.seeds]))
    named = {run.classes[label]: size for label, size in sizes.items()}
    draw_classes(folder / "per_class.png", precision, named, mean)
    ordered = sorted(precision, key=lambda name: (-precision[name], name))
    return Picture(
        "per_class",
        "Every class",
        f"Mean AP of {len(ordered)} classes: best {ordered[0]}, worst {ordered[-1]}.",
        "Mean AP of the queries of each class; beside the name, the number of its shapes in the gallery.",
    )


def _confusion(run: Run, folder: Path) -> Picture:
    rates, rows, columns = nearest_rates(run)
    names = run.classes
    draw_confusion(folder / "confusion.png", rates, [names[r] for r in rows], [names[c] for c in columns])
    right = [rates[i, columns.index(row)] for i, row in enumerate(rows)]
    return Picture(
        "confusion",
        "What is taken for what",
        f"Matrix of {len(rows)} by {len(columns)} classes; on average {100 * np.mean(right):.0f} % is on the "
        "diagonal.",
        "Class of the nearest shape for the sketches of each class; every row sums to 100 %. The shades grow "
        "with the square root, so that rare confusions can be seen. A large matrix can be scrolled.",
        "whole",
    )


def _labels(values: I64) -> list[int]:
    return [int(value) for value in np.unique(values)]
