from __future__ import annotations

import itertools

import numpy as np
import pytest

from sketchshape.mesh import AXES
from sketchshape.upright import kept, together
from sketchshape.upright.choice import MOST, SURE
from sketchshape.upright.folders import COMMON, STRAY


def random_scores(count: int, seed: int, sharp: float = 2.0) -> np.ndarray:
    logits = np.random.default_rng(seed).normal(0, sharp, (count, 6))
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


def bayes(scores: np.ndarray) -> np.ndarray:
    """Sum over every story that a folder can have: a common axis or none, and each file loyal or not."""
    chances = np.exp(scores)
    total = np.zeros_like(chances)
    for ways in itertools.product(range(6), repeat=len(scores)):
        seen = np.prod([6 * chance[way] for chance, way in zip(chances, ways, strict=True)])
        story = (1 - COMMON) * (1 / 6) ** len(ways)
        for axis in range(6):
            story += COMMON / 6 * np.prod([(1 - STRAY) * (way == axis) + STRAY / 6 for way in ways])
        for file, way in enumerate(ways):
            total[file, way] += story * seen
    return np.asarray(total / total.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("seed", range(4))
def test_a_folder_is_judged_as_bayes_says(seed: int) -> None:
    scores = random_scores(4, seed)
    np.testing.assert_allclose(np.exp(together(scores, ["a"] * 4)), bayes(scores), rtol=1e-9)


def test_folders_are_judged_apart_and_in_any_order() -> None:
    scores = random_scores(6, 7)
    folders = ["b", "a", "b", "c", "a", "b"]
    result = together(scores, folders)
    for name in "abc":
        rows = [row for row, folder in enumerate(folders) if folder == name]
        np.testing.assert_allclose(result[rows], together(scores[rows], [name] * len(rows)))
    np.testing.assert_array_equal(result[3], scores[3])
    assert together(np.empty((0, 6)), []).shape == (0, 6)


def test_many_weak_files_agree_and_a_clear_one_stays() -> None:
    weak = np.log(np.tile([0.3, 0.25, 0.1125, 0.1125, 0.1125, 0.1125], (60, 1)))
    other = np.log([[1e-4, 1e-4, 1 - 5e-4, 1e-4, 1e-4, 1e-4]])
    result = np.exp(together(np.concatenate([weak, other]), ["a"] * 61))
    assert (result[:60, 0] > 0.9).all()
    assert result[60, 2] > 0.9


def test_a_mixed_folder_stays_as_it_is() -> None:
    scores = np.log(np.full((60, 6), 0.02))
    scores[np.arange(60), np.arange(60) % 6] = np.log(0.9)
    np.testing.assert_allclose(np.exp(together(scores, ["a"] * 60)), np.exp(scores), atol=1e-6)


def test_a_large_folder_does_not_overflow() -> None:
    result = together(np.tile(random_scores(1, 3, 30.0), (20_000, 1)), ["a"] * 20_000)
    np.testing.assert_allclose(np.exp(result).sum(axis=1), 1, rtol=1e-9)


def test_the_fewest_ways_are_kept_that_are_enough() -> None:
    ways = list(AXES)
    for seed in range(200):
        scores = random_scores(1, seed)[0]
        chances = dict(zip(ways, np.exp(scores), strict=True))
        found = kept(scores)
        assert list(found) == sorted(ways, key=lambda way: -chances[way])[: len(found)]
        assert 1 <= len(found) <= MOST
        assert sum(chances[way] for way in found) >= SURE or len(found) == MOST
        assert sum(chances[way] for way in found[:-1]) < SURE


def test_of_equal_ways_the_first_of_the_axes_are_kept() -> None:
    assert kept(np.log(np.full(6, 1 / 6))) == ("y", "z", "x")


def test_wrong_shapes_are_named() -> None:
    with pytest.raises(ValueError, match=r"expected \(2, 6\)"):
        together(random_scores(3, 0), ["a", "b"])
    with pytest.raises(ValueError, match="exponentials sum to 1"):
        kept(np.zeros(6))
