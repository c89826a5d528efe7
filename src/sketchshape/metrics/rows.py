"""Rows of length 1, which everything that is compared by its cosine has."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Real = TypeVar("Real", np.float32, np.float64)
LEAST = 1e-12  # a shorter row keeps its direction and does not become long


def unit(rows: NDArray[Real]) -> NDArray[Real]:
    """Bring rows to length 1.

    Args:
        rows: (..., D) float32 or float64; computed and given back in this type.

    Returns:
        (..., D); a row of zeros stays one.
    """
    # One row alone has its length from a dot product: so all vectors of shapes with line drawings were made.
    axis = None if rows.ndim == 1 else -1
    lengths = np.linalg.norm(rows, axis=axis, keepdims=True)
    result: NDArray[Real] = rows / np.maximum(lengths, LEAST)
    return result
