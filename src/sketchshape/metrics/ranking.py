"""From similarities to the ranks of the relevant shapes, a few rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sketchshape.types import I64

ROWS = 64  # rows that are sorted together: their order is the only large temporary


def relevant_ranks(
    similarity: NDArray[Any], query_codes: I64, gallery_codes: I64
) -> Iterator[tuple[int, I64]]:
    """Rank the gallery for each query, best first; equal scores keep the order of the gallery.

    Args:
        similarity: (Q, G) real, higher is more alike.
        query_codes: (Q,) class of each query; -1 for a class that the gallery does not have.
        gallery_codes: (G,) class of each shape, 0 or more.

    Yields:
        The index of a query and the (C,) ascending 1-based ranks of the shapes of its class. Queries with
        no such shape are left out.

    Raises:
        ValueError: a similarity is not finite.
    """
    for start in range(0, len(similarity), ROWS):
        rows = _floats(similarity[start : start + ROWS])
        _refuse_non_finite(rows, start)
        order = np.argsort(-rows, axis=1, kind="stable")
        codes = query_codes[start : start + ROWS]
        relevant = gallery_codes[order] == codes[:, None]
        for index in np.flatnonzero(codes >= 0):
            yield start + int(index), np.flatnonzero(relevant[index]) + 1


def _floats(rows: NDArray[Any]) -> NDArray[Any]:
    # Integers cannot all be negated, and half precision is sorted slowly.
    return rows.astype(np.result_type(rows.dtype, np.float32), copy=False)


def _refuse_non_finite(rows: NDArray[Any], start: int) -> None:
    finite = np.isfinite(rows)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        raise ValueError(
            f"similarity[{start + row}, {column}] is {rows[row, column]}, expected finite numbers; "
            "look at the embedding of that query or shape"
        )
