"""Rows of numbers whose lengths stand among them, where ends of lines say nothing."""

from __future__ import annotations

import numpy as np

from sketchshape.compiled import compiled
from sketchshape.types import F64, I64


@compiled()
def walk(values: F64, at: int, rows: int, is_list: np.ndarray) -> tuple[I64, I64, int]:
    """Find where the items of each row are.

    Args:
        values: (T,) all numbers of a text.
        at: where the first row begins.
        rows: how many there are, each at least as many numbers as it has items.
        is_list: (P,) bool, whether an item is a list, which begins with its length, or one number.

    Returns:
        Where each item begins, for a list after its length, and how many numbers it has, (P, rows) each; and
        where the rows end, -1 where they end beyond the text or a length is no whole number.
    """
    starts = np.zeros((len(is_list), rows), np.int64)
    lengths = np.ones((len(is_list), rows), np.int64)
    for row in range(rows):
        for i in range(len(is_list)):
            if at >= len(values):
                return starts, lengths, -1
            if is_list[i]:
                length = values[at]
                at += 1
                if not (0 <= length <= len(values) - at) or length != np.floor(length):
                    return starts, lengths, -1
                lengths[i, row] = int(length)
            starts[i, row] = at
            at += lengths[i, row]
    return starts, lengths, at
