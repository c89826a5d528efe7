"""Class centers: what the teacher hands to the student."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sketchshape.metrics.rows import unit
from sketchshape.types import F32

KINDS = ("mean", "unit-mean")


def class_centers(
    embeddings: NDArray[Any], labels: NDArray[Any], classes: Sequence[str], kind: str = "mean"
) -> F32:
    """Average the embeddings of each class. [CGN] section 3.2.

    The lengths of embeddings matter: in a plain mean a long one turns the center more than a short one, in a
    mean of unit rows all have the same weight. The length of a center does not: eq. (2) and (3), the target
    check and the search for a class know its direction only.

    Args:
        embeddings: (n, D) of the teacher, any length of rows.
        labels: (n,) integers 0..N-1.
        classes: names of the N classes.
        kind: mean, of the embeddings as they are (the paper), or unit-mean (ours), of embeddings that are
            brought to length 1 first.

    Returns:
        (N, D) float32; that of unit-mean are at most 1 long, and tell by it how compact a class is.

    Raises:
        ValueError: a class has no item, a label no class, or `kind` is neither of the two.
    """
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}, expected one of: {', '.join(KINDS)}")
    rows, numbers = np.asarray(embeddings, np.float64), np.asarray(labels)
    if rows.ndim != 2 or numbers.shape != rows.shape[:1]:
        raise ValueError(f"embeddings {rows.shape} and labels {numbers.shape}, expected (n, D) and (n,)")
    if numbers.size and not 0 <= numbers.min() <= numbers.max() < len(classes):
        raise ValueError(f"labels are {numbers.min()} to {numbers.max()}, expected 0 to {len(classes) - 1}")
    counts = np.bincount(numbers, minlength=len(classes))
    if missing := [name for name, count in zip(classes, counts, strict=True) if count == 0]:
        raise ValueError(f"no training item of class {', '.join(missing)}: its center is unknown")
    total = np.zeros((len(classes), rows.shape[1]))
    np.add.at(total, numbers, rows if kind == "mean" else unit(rows))
    return (total / counts[:, None]).astype(np.float32)
