"""Rows of a sketch and the shapes it found, like [CGN] figure 6."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from sketchshape.report.style import BLUE, HAIR, INK, MUTED, drawing
from sketchshape.types import U8

CELL = 0.98  # inches from one picture to the next
CAPTION, GAP, MARGIN = 0.26, 0.42, 0.08  # in cells: text below a picture, sketch to shapes, around all
_SMALL: Any = {"color": MUTED, "fontsize": 7.5, "linespacing": 1.3}
LETTERS = 17  # of a class name fit below a picture


@dataclass(frozen=True, eq=False)
class Cell:
    """One picture with its caption.

    Args:
        picture: (H, W) uint8, None where the file could not be shown.
        caption: the text below it.
        right: whether the shape is of the class of the sketch.
        aside: the text to the right of a sketch.
    """

    picture: U8 | None
    caption: str
    right: bool = False
    aside: str = ""


def draw_rows(path: Path, rows: Sequence[Sequence[Cell]]) -> None:
    """Draw a sketch and its shapes in each row; right shapes have a blue frame and a blue caption.

    Args:
        path: the PNG file to write.
        rows: the sketch first, then the shapes by rank.
    """
    wide = max(len(row) for row in rows) + GAP + 2 * MARGIN
    high = len(rows) * (1 + CAPTION) + 0.24 + 2 * MARGIN
    with drawing(path, CELL * wide, CELL * high, placed=True) as figure:
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, wide), ylim=(high, 0), aspect="equal")
        axes.set_axis_off()
        axes.text(MARGIN + 0.5, 0.2, "sketch", ha="center", **_SMALL)
        for rank in range(1, max(len(row) for row in rows)):
            axes.text(MARGIN + GAP + rank + 0.5, 0.2, str(rank), ha="center", **_SMALL)
        for line, row in enumerate(rows):
            top = MARGIN + 0.24 + line * (1 + CAPTION)
            _cell(axes, MARGIN, top, row[0], INK, INK)
            axes.text(MARGIN + 1 + GAP / 2, top + 0.5, row[0].aside, ha="center", va="center", **_SMALL)
            for rank, cell in enumerate(row[1:], 1):
                colour, text = (BLUE, BLUE) if cell.right else (HAIR, MUTED)
                _cell(axes, MARGIN + GAP + rank, top, cell, colour, text)


def _cell(axes: Axes, left: float, top: float, cell: Cell, frame: str, text: str) -> None:
    inset = 0.05
    box = FancyBboxPatch(
        (left + inset, top + inset),
        1 - 2 * inset,
        1 - 2 * inset,
        boxstyle="round,pad=0,rounding_size=0.05",
        facecolor="white",
        edgecolor=frame,
        linewidth=2.4 if cell.right else 0.9,
    )
    axes.add_patch(box)
    if cell.picture is None:
        axes.text(left + 0.5, top + 0.5, "no picture", ha="center", va="center", color=MUTED, fontsize=7)
    else:
        side = inset + 0.035
        extent = (left + side, left + 1 - side, top + 1 - side, top + side)
        axes.imshow(cell.picture, cmap="gray", vmin=0, vmax=255, extent=extent, zorder=2)
    axes.text(left + 0.5, top + 1.11, _short(cell.caption), ha="center", color=text, fontsize=6.8)


def _short(name: str) -> str:
    words = name.replace("_", " ")
    return words if len(words) <= LETTERS else words[: LETTERS - 1] + "…"
