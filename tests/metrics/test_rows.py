"""Rows of length 1."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sketchshape.metrics.rows import unit


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(6, 5), (3, 2, 5), (5,)])
def test_rows_get_length_one_in_their_own_type(dtype: type, shape: tuple[int, ...]) -> None:
    rows = np.random.default_rng(0).normal(size=shape).astype(dtype)
    found = unit(rows)
    assert found.dtype == dtype
    for row, one in zip(rows.reshape(-1, 5).tolist(), found.reshape(-1, 5), strict=True):
        length = math.sqrt(sum(x * x for x in row))
        np.testing.assert_allclose(one, [x / length for x in row], rtol=8 * np.finfo(dtype).eps)


def test_nothing_stays_nothing() -> None:
    np.testing.assert_array_equal(unit(np.zeros((2, 3), np.float32)), np.zeros((2, 3), np.float32))


def test_the_length_of_a_row_does_not_matter() -> None:
    rows = np.random.default_rng(1).normal(size=(9, 4))
    for scale in (2.0**-20, 2.0**20):  # powers of two: no rounding
        assert unit(scale * rows).tobytes() == unit(rows).tobytes()
