"""One look for all pictures, drawn on Agg without any state of pyplot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from sketchshape.files import atomic

# Blue and orange can be told apart by every kind of colour vision.
BLUE, ORANGE, INK, MUTED, HAIR, PAPER = "#1f5fbf", "#c8641b", "#1b2430", "#68727f", "#dfe3e8", "#ffffff"
BLUES = LinearSegmentedColormap.from_list("blues", [PAPER, "#cfe0f6", "#7fabe3", BLUE, "#0f2f66"])
DPI = 160

_STYLE: Any = {
    "axes.axisbelow": True,
    "axes.edgecolor": HAIR,
    "axes.grid": False,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "figure.facecolor": PAPER,
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that a report looks the same everywhere
    "font.size": 9,
    "grid.color": HAIR,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "text.color": INK,
    "text.parse_math": False,  # a class may be called $
    "xtick.color": MUTED,
    "ytick.color": MUTED,
}


@contextmanager
def drawing(path: Path, width: float, height: float, *, placed: bool = False) -> Iterator[Figure]:
    """Give an empty figure that is written as a PNG when the block ends well.

    Args:
        path: the PNG file.
        width: inches.
        height: inches.
        placed: the caller places the axes itself, otherwise the layout is constrained.

    Yields:
        The figure.
    """
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # what the user's own matplotlibrc says must not show
        matplotlib.rcParams.update(_STYLE)
        figure = Figure(figsize=(width, height), dpi=DPI, layout=None if placed else "constrained")
        FigureCanvasAgg(figure)
        yield figure
        with atomic(path) as temporary:
            figure.savefig(temporary, format="png", metadata={"Software": None})
