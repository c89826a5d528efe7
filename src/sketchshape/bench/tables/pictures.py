"""Pictures of a comparison: precision-recall curves, and where each method differs from the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from sketchshape.bench.results import Results
from sketchshape.bench.tables.official import Official
from sketchshape.report.curves import Curve, draw_curves
from sketchshape.report.page import Picture
from sketchshape.report.style import BLUE, HAIR, INK, ORANGE, PAPER, drawing
from sketchshape.types import F64

BOTH = LinearSegmentedColormap.from_list("both", [ORANGE, "#f0c9a6", PAPER, "#a9c6ee", BLUE])

OTHERS = "other teams (official)"


def draw_all(results: Results, out: Path, official: Sequence[Official] = ()) -> list[Picture]:
    """Draw the curves of all methods and, where there is something to compare, every class.

    Args:
        results: the comparison, with at least one trained method.
        out: where the PNG files go.
        official: entries of the track, drawn in grey; those that the table has not in light grey.

    Returns:
        The pictures, in the order of the page.
    """
    base, groups = results.bench.baselines[0], [one for one in results.bench.groups if results.group(one)]
    drawn = []
    for number, group in enumerate(groups, 1):
        name = f"pr-{number}" if number > 1 else "pr"
        draw_curves(out / f"{name}.png", _curves(results, group, official), "method  mAP %")
        title = f"Precision and recall: {group}" if group else "Precision and recall"
        whose = f"all methods under “{group}”" if group else "all methods"
        said = _caption(results, group, official)
        drawn.append(Picture(name, title, f"Precision-recall curves of {whose}.", said))
    if not results.comparable:
        return drawn
    draw_differences(out / "per_class.png", results)
    return [
        *drawn,
        Picture(
            "per_class",
            f"Every class beside {base}",
            "Matrix of classes and methods: differences of mean AP.",
            f"Mean AP of a method minus that of {base}, in points, mean over queries and seeds; blue is "
            f"better, orange worse. Beside the name stands the mean AP of {base}; its hardest class is on "
            "top.",
            "whole",
        ),
    ]


def _caption(results: Results, group: str, official: Sequence[Official]) -> str:
    found = [
        "Precision at 20 recall levels, interpolated linearly between relevant shapes, mean over queries and "
        "seeds."
    ]
    base, others = results.baseline, [one.name for one in official if one.pr.size and not one.listed]
    if base in results.group(group):
        found.append(f"The thick blue line is {results.bench.baselines[0]}.")
    if others:
        found.append(f"Light grey: the best official entry of each other team, {', '.join(others)}.")
    return " ".join(found)


def _curves(results: Results, group: str, official: Sequence[Official]) -> list[Curve]:
    own = results.group(group)
    precision = {one.entry.label: 100 * float(one.scores()[:, -1].mean()) for one in own}
    ordered = sorted(own, key=lambda one: -precision[one.entry.label])
    others = [one for one in official if one.pr.size and not one.listed]
    return [
        *(
            Curve(
                f"{one.entry.label}  {precision[one.entry.label]:.1f}",
                one.curve,
                main=one is results.baseline,
            )
            for one in ordered
        ),
        *(Curve(f"{one.name} (official)", one.pr, measured=False) for one in official if one.listed),
        *(
            Curve("" if place else OTHERS, one.pr, measured=False, faint=True)
            for place, one in enumerate(others)
        ),
    ]


def class_differences(results: Results) -> tuple[list[int], list[str], F64, F64]:
    """Compare the mean AP of each class with the baseline's.

    Args:
        results: with a trained baseline.

    Returns:
        The labels, hardest class of the baseline first; the other methods of its group; (classes,) the
        baseline's mean AP; (classes, methods) the differences to it; all fractions.
    """
    base = results.baseline
    assert base is not None
    own = base.by_class()
    labels = sorted(own, key=lambda label: (own[label], label))
    others = [method for method in results.group(base.entry.group) if method is not base]
    columns = [method.by_class() for method in others]
    table = np.array([[column[label] - own[label] for column in columns] for label in labels], np.float64)
    table = table.reshape(len(labels), len(others))
    return labels, [one.entry.label for one in others], np.array([own[label] for label in labels]), table


def draw_differences(path: Path, results: Results) -> None:
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
