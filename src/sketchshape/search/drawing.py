"""What may be searched with: a picture, a file, or strokes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sketchshape.images import draw_strokes, read_drawing_file, without_taps
from sketchshape.types import U8

Sketch = NDArray[np.uint8] | str | Path | Sequence[Any]


def read_drawing(sketch: Sketch) -> U8:
    """Give a sketch as a picture: (H, W) uint8, 0 = ink, 255 = paper; see `Searcher.search`.

    Raises:
        SketchError: a file cannot be read, or strokes are none.
    """
    if isinstance(sketch, np.ndarray):
        return sketch
    if isinstance(sketch, str | Path):
        return read_drawing_file(sketch)
    return draw_strokes(without_taps(sketch))
