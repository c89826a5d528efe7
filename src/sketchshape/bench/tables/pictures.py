"""Pictures of a comparison: precision-recall curves, and where each method differs from the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from sketchshape.bench.results import Results
from sketchshape.bench.tables.official import Official
from sketchshape.report.style import BLUE, HAIR, INK, MUTED, ORANGE, PAPER, drawing
from sketchshape.types import F64

LEVELS = np.arange(1, 21) / 20
# Told apart by every kind of colour vision when the markers help. The baseline has blue for itself.
COLOURS = ("#c8641b", "#2a8c6a", "#8a4fbf", "#b0203f", "#7a6a00", "#0e8fa8", "#d0579a", "#5c6b7a")
MARKERS = "osD^vPX*"
BOTH = LinearSegmentedColormap.from_list("both", [ORANGE, "#f0c9a6", PAPER, "#a9c6ee", BLUE])


def draw_curves(path: Path, results: Results, official: Sequence[Official] = ()) -> None:
    """Draw the mean precision-recall curve of each method, best mAP first in the legend. [CGN] Figs. 4, 5.

    Args:
        path: the PNG file to write.
        results: the comparison, with at least one trained method.
        official: entries of the track, drawn in grey.
    """
    ordered = sorted(results.trained, key=lambda one: -float(one.scores()[:, -1].mean()))
    others = [one for one in ordered if one is not results.baseline]
    with drawing(path, 8.4, 5.0) as figure:
        axes = figure.add_subplot()
        axes.grid()
        for method in ordered:
            base = method is results.baseline
            place = 0 if base else others.index(method)
            colour = BLUE if base else COLOURS[place % len(COLOURS)]
            axes.plot(
                LEVELS,
                method.curve,
                color=colour,
                linewidth=2.6 if base else 1.3,
                linestyle="-" if base or place < len(COLOURS) else (0, (5, 2)),
                marker=None if base else MARKERS[place % len(MARKERS)],
                markersize=3.6,
                zorder=3 if base else 2,
                label=f"{method.entry.label}  {100 * method.scores()[:, -1].mean():.1f}",
            )
        for number, one in enumerate(official):
            style = ((0, (1, 1.5)), (0, (4, 2)))[number % 2]
            name = f"{one.name} (official)"
            axes.plot(LEVELS, one.pr, color=MUTED, linewidth=1.4, linestyle=style, label=name)
        axes.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="recall", ylabel="precision")
        axes.set_xticks(np.arange(6) / 5)
        axes.set_yticks(np.arange(6) / 5)
        axes.spines[["left", "bottom"]].set_color(MUTED)
        beside: Any = {"loc": "center left", "bbox_to_anchor": (1.01, 0.5), "alignment": "left"}
        axes.legend(title="method  mAP %", fontsize=8.5, **beside)


def class_differences(results: Results) -> tuple[list[int], list[str], F64, F64]:
    """Compare the mean AP of each class with the baseline's.

    Args:
        results: with a trained baseline.

    Returns:
        The labels, hardest class of the baseline first; the other methods; (classes,) the baseline's mean AP;
        (classes, methods) the differences to it; all fractions.
    """
    base = results.baseline
    assert base is not None
    own = base.by_class()
    labels = sorted(own, key=lambda label: (own[label], label))
    others = [method for method in results.trained if method is not base]
    columns = [method.by_class() for method in others]
    table = np.array([[column[label] - own[label] for column in columns] for label in labels], np.float64)
    table = table.reshape(len(labels), len(others))
    return labels, [one.entry.label for one in others], np.array([own[label] for label in labels]), table


def draw_classes(path: Path, results: Results) -> None:
    """Draw the differences to the baseline as a matrix of classes and methods.

    Args:
        path: the PNG file to write.
        results: with a trained baseline and another method.
    """
    labels, methods, own, table = class_differences(results)
    names = [results.classes[label].replace("_", " ") for label in labels]
    most = max(10.0, float(100 * np.abs(table).max(initial=0)))
    margin = 0.35 + max(len(name) for name in names) * 0.062 + 0.4  # inches for the names of the classes
    above = 0.2 + max(len(name) for name in methods) * 0.066
    wide, high = 0.52 * len(methods), 0.17 * len(labels)
    width, height = margin + wide + 1.1, above + high + 0.35
    with drawing(path, width, height, placed=True) as figure:
        axes = figure.add_axes((margin / width, 0.3 / height, wide / width, high / height))
        picture = axes.imshow(100 * table, cmap=BOTH, vmin=-most, vmax=most, aspect="auto")
        said = [f"{name} · {100 * value:.0f}" for name, value in zip(names, own, strict=True)]
        axes.set_yticks(np.arange(len(labels)), said, fontsize=7.5, color=INK)
        axes.set_xticks(np.arange(len(methods)), methods, fontsize=8, rotation=90, color=INK)
        axes.tick_params(length=0, top=False, labeltop=True, labelbottom=False, pad=4)
        axes.vlines(np.arange(1, len(methods)) - 0.5, -0.5, len(labels) - 0.5, color=HAIR, linewidth=0.5)
        axes.hlines(np.arange(1, len(labels)) - 0.5, -0.5, len(methods) - 0.5, color=HAIR, linewidth=0.5)
        for (row, column), value in np.ndenumerate(100 * table):
            if abs(value) >= 0.5:
                colour = PAPER if abs(value) > 0.75 * most else INK
                axes.text(column, row, f"{value:+.0f}", ha="center", va="center", fontsize=6.5, color=colour)
        axes.spines[:].set_visible(False)
        tall = min(2.6, high)
        scale = ((margin + wide + 0.2) / width, (0.3 + high - tall) / height, 0.13 / width, tall / height)
        bar = figure.colorbar(picture, cax=figure.add_axes(scale))
        bar.outline.set_visible(False)
        bar.set_label("points of AP", fontsize=8)
