"""The precision-recall curve of a run, like [CGN] figures 4 and 5."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sketchshape.metrics import Scores
from sketchshape.report.style import BLUE, MUTED, drawing

LEVELS = np.arange(1, 21) / 20


def draw_curve(path: Path, runs: Sequence[Scores], chance: float) -> None:
    """Draw the mean curve over the seeds, with a band of one sample standard deviation.

    Args:
        path: the PNG file to write.
        runs: the scores of each seed.
        chance: precision 0..1 of a random ranking.
    """
    curves = np.stack([scores.pr for scores in runs])
    mean = curves.mean(axis=0)
    with drawing(path, 5.6, 4.2) as figure:
        axes = figure.add_subplot()
        axes.grid()
        if len(runs) > 1:
            spread = curves.std(axis=0, ddof=1)
            axes.fill_between(LEVELS, mean - spread, mean + spread, color=BLUE, alpha=0.2, linewidth=0)
        name = (
            f"sketchshape, mean ± deviation of {len(runs)} seeds"
            if len(runs) > 1
            else "sketchshape, one seed"
        )
        axes.plot(LEVELS, mean, color=BLUE, linewidth=2, marker="o", markersize=3.5, label=name)
        axes.axhline(chance, color=MUTED, linewidth=1.2, linestyle=(0, (4, 3)), label="random ranking")
        axes.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="recall", ylabel="precision")
        axes.set_xticks(np.arange(6) / 5)
        axes.set_yticks(np.arange(6) / 5)
        axes.spines[["left", "bottom"]].set_color(MUTED)
        axes.legend(loc="best")
