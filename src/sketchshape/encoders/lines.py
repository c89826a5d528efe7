"""How the embedding of a shape's views is joined with those of its line drawings."""

from __future__ import annotations

import numpy as np

from sketchshape.metrics.rows import unit
from sketchshape.types import F32


def with_lines(views: F32, drawn: F32, weight: float, power: float = 1.0) -> F32:
    """Join what the views of shapes give with what their line drawings give.

    Args:
        views: (..., D) float32, unit rows.
        drawn: (lines, ..., D) float32, unit rows: the drawings as the encoder of sketches embeds them.
        weight: of the drawings beside 1 for the views.
        power: of each entry of a drawing, before all are brought to length 1 again and added. Below 1 a
            drawing says less surely what it is; entries must not be negative then.

    Returns:
        (..., D) float32, unit rows.
    """
    if power != 1:
        drawn = unit(drawn ** np.float32(power))
    lines: F32 = np.sum(drawn, axis=0)
    return unit(views + weight * unit(lines))
