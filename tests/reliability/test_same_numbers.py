"""Other machines and other counts of threads find the same views, embeddings, scores and rankings."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
import same_numbers

from sketchshape.encoders import Bundle
from sketchshape.images import prepare

PIXELS = 0.001  # of the pixels of views may differ by more than a level of 256
NUMBERS = 1e-4  # of an embedding of length 1, and of a score


@pytest.fixture(scope="module")
def found() -> dict:
    return same_numbers.figures(Bundle.open())


def test_this_machine_finds_what_another_found(found: dict) -> None:
    path = same_numbers.stored(Bundle.open())
    if not path.is_file():
        pytest.skip(f"none are stored of this bundle: python {same_numbers.__file__}")
    known = json.loads(path.read_text())
    views = [same_numbers.unpacked(one["views"]).astype(int) for one in (found, known)]
    assert np.mean(abs(views[0] - views[1]) > 1) <= PIXELS
    for name in ("shapes", "sketches", "scores", "classes"):
        np.testing.assert_allclose(found[name], known[name], rtol=0, atol=NUMBERS, err_msg=name)
    assert np.ptp(known["scores"]) > 100 * NUMBERS  # which another shape would not meet


def test_one_thread_and_more_give_the_same_ranking(monkeypatch: pytest.MonkeyPatch) -> None:
    rankings, scores = [], []
    for threads in (1, 2, 4):
        monkeypatch.setattr(os, "cpu_count", lambda threads=threads: threads)
        bundle = Bundle.open()
        ink = np.stack([prepare(ink, bundle.sketch_size) for ink in same_numbers.drawings()])
        scores.append(bundle.likeness.between(bundle.embed_sketches(ink), bundle.centers).round(6))
        rankings.append(np.argsort(-scores[-1], axis=1, kind="stable"))
    for ranking, row in zip(rankings, scores, strict=True):
        np.testing.assert_allclose(row, scores[0], rtol=0, atol=1e-5)
        np.testing.assert_array_equal(ranking[:, :20], rankings[0][:, :20])


def test_the_same_shape_gives_the_same_bytes_of_views() -> None:
    assert same_numbers.small_views() == same_numbers.small_views()
