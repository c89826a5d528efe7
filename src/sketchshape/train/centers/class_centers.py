"""Class centers: what the teacher hands to the student."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sketchshape.metrics.rows import unit
from sketchshape.types import F32


def class_centers(embeddings: NDArray[Any], labels: NDArray[Any], classes: Sequence[str]) -> F32:
    """Average the L2-normalised embeddings of each class. [CGN] section 3.2.

    Args:
        embeddings: (n, D) of the teacher, any length of rows.
        labels: (n,) integers 0..N-1.
        classes: names of the N classes.

    Returns:
        (N, D) float32; the length of a row, at most 1, tells how compact its class is.

    Raises:
        ValueError: a class has no item, or a label no class.
    """
    rows, numbers = np.asarray(embeddings, np.float64), np.asarray(labels)
    if rows.ndim != 2 or numbers.shape != rows.shape[:1]:
        raise ValueError(f"embeddings {rows.shape} and labels {numbers.shape}, expected (n, D) and (n,)")
    if numbers.size and not 0 <= numbers.min() <= numbers.max() < len(classes):
        raise ValueError(f"labels are {numbers.min()} to {numbers.max()}, expected 0 to {len(classes) - 1}")
    counts = np.bincount(numbers, minlength=len(classes))
    if missing := [name for name, count in zip(classes, counts, strict=True) if count == 0]:
        raise ValueError(f"no training item of class {', '.join(missing)}: its center is unknown")
    total = np.zeros((len(classes), rows.shape[1]))
    np.add.at(total, numbers, unit(rows))
    return (total / counts[:, None]).astype(np.float32)
