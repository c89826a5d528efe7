"""What may be searched with: a picture, a file, or strokes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sketchshape.errors import SketchError
from sketchshape.images import draw_strokes, read_sketch, read_strokes
from sketchshape.types import U8

Sketch = NDArray[np.uint8] | str | Path | Sequence[Any]
STROKES = (".json", ".ndjson")


def read_drawing(sketch: Sketch) -> U8:
    """Give a sketch as a picture: (H, W) uint8, 0 = ink, 255 = paper; see `Searcher.search`.

    Raises:
        SketchError: a file cannot be read, or strokes are none.
    """
    if isinstance(sketch, np.ndarray):
        return sketch
    if isinstance(sketch, str | Path):
        is_strokes = Path(sketch).suffix.lower() in STROKES
        return draw_strokes(read_strokes(sketch)) if is_strokes else read_sketch(sketch)
    if not any(len(stroke) and len(stroke[0]) for stroke in sketch if isinstance(stroke, list | tuple)):
        raise SketchError("drawing", "nothing is drawn yet; draw a few lines and try again")
    return draw_strokes(sketch)
