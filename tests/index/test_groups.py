"""Near-identical shapes among many are those that comparing each with each finds."""

from __future__ import annotations

import numpy as np
import pytest

from sketchshape.engines.close import Close
from sketchshape.index.groups import ALIKE, BLOCK, twins
from sketchshape.types import F32, U8


def crowd(count: int, width: int, spread: float) -> F32:
    """Unit vectors around 40 middles: pairs on both sides of the limit."""
    rng = np.random.default_rng(5)
    middles = rng.normal(size=(40, width))
    rows = middles[rng.integers(40, size=count)] + spread * rng.normal(size=(count, width))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize(("width", "spread"), [(6, 0.1), (64, 0.07), (64, 2.0)])
def test_close_vectors_are_all_found(width: int, spread: float) -> None:
    vectors = crowd(600, width, spread)
    apart = np.linalg.norm(vectors[:, None].astype(np.float64) - vectors, axis=2)
    distance = 0.14
    for place, near in enumerate(Close(vectors, distance).to(np.arange(600))):
        unsure = np.abs(apart[place] - distance) < 1e-5
        assert set(np.flatnonzero((apart[place] < distance) & ~unsure)) <= set(near.tolist())
        assert set(near.tolist()) <= set(np.flatnonzero((apart[place] < distance) | unsure))


def test_many_at_once_are_the_same_pairs_as_few_at_a_time() -> None:
    vectors = crowd(BLOCK + 300, 64, 0.09)
    outlines: list[U8] = [np.full((2, 8, 8), 9 * number, np.uint8) for number in range(4)]
    looks = [outlines[number // 3 % 4] for number in range(len(vectors))]
    everything = np.arange(len(vectors))
    at_once = set(twins(vectors, looks, everything))
    one_by_one: set[tuple[int, int]] = set()
    for last in range(0, len(vectors), 100):  # as runs of indexing do: what is new, with all that is there
        until = min(last + 100, len(vectors))
        one_by_one |= {
            (min(pair), max(pair)) for pair in twins(vectors[:until], looks, np.arange(last, until))
        }
    assert {(min(pair), max(pair)) for pair in at_once} == one_by_one
    assert len(at_once) == len({frozenset(pair) for pair in at_once}) > 100
    cosines = (vectors @ vectors.T)[tuple(np.array(sorted(at_once)).T)]
    assert cosines.min() > ALIKE - 1e-6
