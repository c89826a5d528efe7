"""How each class fares: sorted bars, and what is taken for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm

from sketchshape.report.style import BLUE, BLUES, HAIR, INK, MUTED, ORANGE, drawing
from sketchshape.types import F64, I64

COLUMN = 46  # bars below each other before another column begins


def draw_classes(path: Path, precision: Mapping[str, float], sizes: Mapping[str, int], mean: float) -> None:
    """Draw the mean AP of each class as bars, best first, read column by column.

    Args:
        path: the PNG file to write.
        precision: class name -> mean AP, 0..1.
        sizes: class name -> shapes in the gallery.
        mean: mAP over all queries, drawn as a line.
    """
    ordered = sorted(precision, key=lambda name: (-precision[name], name))
    columns = -(-len(ordered) // COLUMN)
    rows = -(-len(ordered) // columns)
    with drawing(path, 5.6 if columns == 1 else 4.3 * columns, 0.7 + 0.19 * rows) as figure:
        for index, axes in enumerate(np.atleast_1d(figure.subplots(1, columns))):
            part = ordered[index * rows : (index + 1) * rows]
            _bars(axes, part, [precision[name] for name in part], [sizes[name] for name in part])
            axes.axvline(mean, color=ORANGE, linewidth=1.2, linestyle=(0, (4, 3)))
            axes.set_ylim(rows - 0.4, -0.6)
            axes.set_xlabel(f"AP in percent; dashed: mAP {100 * mean:.1f}")


def _bars(axes: Axes, names: Sequence[str], values: Sequence[float], sizes: Sequence[int]) -> None:
    places = range(len(names))
    axes.barh(places, np.ones(len(names)), height=0.72, color=HAIR, alpha=0.45, linewidth=0)
    axes.barh(places, values, height=0.72, color=BLUE, linewidth=0)
    for place, value in zip(places, values, strict=True):
        axes.text(1.015, place, f"{100 * value:.0f}", va="center", fontsize=7.5, color=MUTED)
    labels = [f"{_words(name)} · {size}" for name, size in zip(names, sizes, strict=True)]
    axes.set_yticks(places, labels, fontsize=7.5, color=INK)
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100"])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def draw_confusion(path: Path, rates: F64, rows: Sequence[str], columns: Sequence[str]) -> None:
    """Draw how often the nearest shape of a sketch is of which class.

    Args:
        path: the PNG file to write.
        rates: (R, C) fractions, each row sums to 1.
        rows: (R,) class of the sketches.
        columns: (C,) class of the nearest shape.
    """
    cell = 0.2 if len(columns) <= 40 else 0.142 if len(columns) <= 100 else 0.1  # inches
    points = min(8, cell * 52)
    label = max(1, 0.3 + max(len(name) for name in (*rows, *columns)) * points * 0.55 / 72)
    wide, high = cell * len(columns), cell * len(rows)
    width, height = label + wide + 1.0, label + max(high + 0.1, high / 2 + 0.8)
    with drawing(path, width, height, placed=True) as figure:
        axes = figure.add_axes((label / width, label / height, wide / width, high / height))
        picture = axes.imshow(rates, cmap=BLUES, norm=PowerNorm(0.5, 0, 1), interpolation="nearest")
        axes.set_xticks(np.arange(len(columns)), [_words(n) for n in columns], rotation=90, fontsize=points)
        axes.set_yticks(np.arange(len(rows)), [_words(n) for n in rows], fontsize=points)
        axes.tick_params(length=0, pad=3)
        bottom, right = len(rows) - 0.5, len(columns) - 0.5
        axes.vlines(np.arange(len(columns) + 1) - 0.5, -0.5, bottom, color=HAIR, linewidth=0.4)
        axes.hlines(np.arange(len(rows) + 1) - 0.5, -0.5, right, color=HAIR, linewidth=0.4)
        axes.spines[:].set_visible(False)
        figure.text((label + wide / 2) / width, 0.04 / height, "class of the nearest shape", ha="center")
        figure.text(
            0.04 / width, (label + high / 2) / height, "class of the sketch", rotation=90, va="center"
        )
        tall = min(2.6, 0.6 * high + 0.4)
        scale = ((label + wide + 0.2) / width, (label + high - tall) / height, 0.12 / width, tall / height)
        bar = figure.colorbar(picture, cax=figure.add_axes(scale), ticks=[0, 0.05, 0.2, 0.5, 1])
        bar.set_ticklabels(["0", "5", "20", "50", "100 %"])
        bar.outline.set_visible(False)


def confusion(truth: I64, nearest: I64, classes: int) -> F64:
    """Count (truth, nearest) pairs and divide each row by its sum.

    Args:
        truth: (N,) labels of sketches.
        nearest: (N,) labels of their nearest shapes.
        classes: how many labels there are.

    Returns:
        (classes, classes) fractions; a row with no sketch is zero.
    """
    counts = np.zeros((classes, classes))
    np.add.at(counts, (truth, nearest), 1)
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))


def _words(name: str) -> str:
    return name.replace("_", " ")
