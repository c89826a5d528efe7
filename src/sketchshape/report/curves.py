"""Precision-recall curves: of a run with a band, or of several methods, like [CGN] figures 4 and 5."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from sketchshape.metrics import Scores
from sketchshape.report.style import BLUE, MUTED, drawing
from sketchshape.types import F64

LEVELS = np.arange(1, 21) / 20
# Told apart by every kind of colour vision when the markers help. The one that matters has blue for itself.
COLOURS = ("#c8641b", "#2a8c6a", "#8a4fbf", "#b0203f", "#7a6a00", "#0e8fa8", "#d0579a", "#5c6b7a")
MARKERS = "osD^vPX*"
DASHES = ((0, (4, 3)), (0, (1, 1.5)))
FAINT = "#b6bdc6"
INSIDE = 3  # curves whose legend fits between them


@dataclass(frozen=True, eq=False)
class Curve:
    """A line of the picture.

    Args:
        name: in the legend; empty leaves it out there.
        precision: (20,) at recall 1/20 ... 20/20, 0..1.
        spread: (20,) sample standard deviation, drawn as a band; None draws none.
        main: the one that the others stand beside.
        measured: False for what is there to compare with; it is grey and dashed.
        faint: of what is there to compare with, the less important; it is thin and light grey.
    """

    name: str
    precision: F64
    spread: F64 | None = None
    main: bool = False
    measured: bool = True
    faint: bool = False


def run_curves(runs: Sequence[Scores], chance: float) -> list[Curve]:
    """Give the mean curve over the seeds, and that of a random ranking.

    Args:
        runs: the scores of each seed.
        chance: precision 0..1 of a random ranking.
    """
    curves, count = np.stack([scores.pr for scores in runs]), len(runs)
    spread = curves.std(axis=0, ddof=1) if count > 1 else None
    name = f"sketchshape, mean ± deviation of {count} seeds" if count > 1 else "sketchshape, one seed"
    own = Curve(name, curves.mean(axis=0), spread, main=True)
    return [own, Curve("random ranking", np.full(len(LEVELS), chance), measured=False)]


def draw_curves(path: Path, curves: Sequence[Curve], title: str = "") -> None:
    """Draw precision over recall.

    Args:
        path: the PNG file to write.
        curves: in the order of the legend.
        title: of the legend.
    """
    few = len(curves) <= INSIDE
    with drawing(path, 5.6 if few else 8.4, 4.2 if few else 5.0) as figure:
        axes = figure.add_subplot()
        axes.grid()
        places: Counter[bool] = Counter()  # measured -> how many of these are drawn, but for the main one
        for curve in curves:
            _line(axes, curve, places[curve.measured])
            places[curve.measured] += not curve.main
        axes.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="recall", ylabel="precision")
        axes.set_xticks(np.arange(6) / 5)
        axes.set_yticks(np.arange(6) / 5)
        axes.spines[["left", "bottom"]].set_color(MUTED)
        beside: Any = {"loc": "center left", "bbox_to_anchor": (1.01, 0.5), "alignment": "left"}
        axes.legend(title=title or None, fontsize=8.5, **({"loc": "best"} if few else beside))


def _line(axes: Axes, curve: Curve, place: int) -> None:
    if curve.spread is not None:
        low, high = curve.precision - curve.spread, curve.precision + curve.spread
        axes.fill_between(LEVELS, low, high, color=BLUE, alpha=0.2, linewidth=0)
    look: dict[str, Any] = {"color": BLUE, "linewidth": 2.6, "zorder": 3}
    if curve.faint:
        look = {"color": FAINT, "linewidth": 1.1, "zorder": 1.5}
    elif not curve.measured:
        look = {"color": MUTED, "linewidth": 1.4, "linestyle": DASHES[place % len(DASHES)]}
    elif not curve.main:
        colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
        dashed = "-" if place < len(COLOURS) else (0, (5, 2))
        look = {"color": colour, "linewidth": 1.3, "linestyle": dashed, "marker": marker, "markersize": 3.6}
    axes.plot(LEVELS, curve.precision, label=curve.name, **look)
