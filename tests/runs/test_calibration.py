"""The confidence of a bundle: a logistic fit against its own formula, and what it says of a gallery."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("torch")

from sketchshape.encoders.confidence import Confidence
from sketchshape.encoders.likeness import NAMES, likeness
from sketchshape.runs.calibration import RIDGE, calibrate, fit_confidence
from sketchshape.runs.embeddings import Embeddings


def loss(slope: float, middle: float, present: list[float], absent: list[float]) -> float:
    """The negative log-likelihood, written out."""
    curve = Confidence(slope, middle)
    total = sum(-math.log(curve.of(score)) for score in present) / (2 * len(present))
    total += sum(-math.log(1 - curve.of(score)) for score in absent) / (2 * len(absent))
    return total + RIDGE / 2 * (slope * np.std([*present, *absent])) ** 2


def test_the_curve_is_a_logistic_function() -> None:
    curve = Confidence(10.0, 0.6)
    assert curve.of(0.6) == 0.5
    assert curve.of(0.7) == pytest.approx(math.e / (1 + math.e))
    assert curve.of(0.5) + curve.of(0.7) == pytest.approx(1)


@pytest.mark.parametrize("seed", range(5))
def test_no_other_curve_is_likelier(seed: int) -> None:
    random = np.random.default_rng(seed)
    present, absent = random.normal(0.7, 0.15, 90), random.normal(0.4, 0.12, 60)
    found = fit_confidence(present, absent)
    best = loss(found.slope, found.middle, list(present), list(absent))
    for slope, middle in random.normal(0, 1, (200, 2)) * [1, 0.05] + [found.slope, found.middle]:
        assert loss(slope, middle, list(present), list(absent)) > best


def test_a_fit_recovers_the_curve_that_made_the_scores() -> None:
    random = np.random.default_rng(0)
    scores = random.uniform(0, 1, 200_000)
    there = random.uniform(size=len(scores)) < 1 / (1 + np.exp(-12 * (scores - 0.55)))
    found = fit_confidence(scores[there], scores[~there])
    # Both kinds weigh the same, which moves the middle by the logarithm of their ratio.
    shift = math.log(there.sum() / (~there).sum()) / found.slope
    assert found.slope == pytest.approx(12, rel=0.03)
    assert found.middle == pytest.approx(0.55 + shift, abs=0.01)


@pytest.mark.parametrize(("scale", "shift"), [(1e-3, 0.02), (0.01, -0.5), (20.0, 3.0)])
def test_the_unit_of_the_scores_does_not_matter(scale: float, shift: float) -> None:
    random = np.random.default_rng(0)
    present, absent = random.normal(0.7, 0.15, 90), random.normal(0.4, 0.12, 60)
    expected = fit_confidence(present, absent)
    found = fit_confidence(scale * present + shift, scale * absent + shift)
    assert found.slope == pytest.approx(expected.slope / scale, rel=1e-6)
    assert found.middle == pytest.approx(scale * expected.middle + shift, rel=1e-6)


def test_scores_that_do_not_overlap_give_a_finite_curve_between_them() -> None:
    found = fit_confidence(np.full(5, 0.9), np.full(7, 0.1))
    assert 0 < found.slope < 200
    assert found.middle == pytest.approx(0.5)


def test_scores_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(ValueError, match="higher on average"):
        fit_confidence(np.array([0.1, 0.2]), np.array([0.3, 0.4]))
    with pytest.raises(ValueError, match="expected scores with"):
        fit_confidence(np.array([]), np.array([0.3]))


def test_a_query_is_compared_with_itself_without_its_class() -> None:
    axes = np.eye(4, dtype=np.float32)
    query = np.array([[0.8, 0.6, 0, 0], [0, 0.3, 0, np.sqrt(1 - 0.09)]], np.float32)
    ids = np.array(["a", "b"])
    embeddings = Embeddings(ids, np.array([0, 7]), query, np.array(["s"] * 4), np.array([0, 1, 2, 2]), axes)
    # Only the first query counts: 0.8 with its class, 0.6 without.
    expected = fit_confidence(np.array([0.8]), np.array([0.6]))
    found = calibrate(embeddings)
    assert found is not None
    assert (found.slope, found.middle) == pytest.approx((expected.slope, expected.middle), rel=1e-4)
    assert found.middle == pytest.approx(0.7, abs=1e-6)


def test_without_another_class_nothing_is_said() -> None:
    one = np.eye(2, dtype=np.float32)[:1]
    label = np.array([0])
    assert calibrate(Embeddings(np.array(["a"]), label, one, np.array(["s"]), label, one)) is None


def test_where_no_shape_of_the_class_comes_first_nothing_is_said() -> None:
    axes = np.eye(2, dtype=np.float32)
    ids, names = np.array(["a"]), np.array(["s", "t"])
    assert calibrate(Embeddings(ids, np.array([1]), axes[:1], names, np.array([0, 1]), axes)) is None


@pytest.mark.parametrize("name", NAMES)
def test_every_likeness_is_compared_with_and_without_the_class(name: str) -> None:
    random = np.random.default_rng(0)
    one, rows = likeness(name), {"nearest_view": (3, 6), "subspace": (2, 6)}.get(name, (6,))
    places = 2 * random.normal(size=(3, 6))
    labels, asked = np.arange(12) % 3, np.arange(30) % 3
    shapes = places[labels].reshape(12, *[1] * (len(rows) - 1), 6) + random.normal(size=(12, *rows))
    if name == "subspace":
        shapes = np.linalg.qr(shapes.swapaxes(1, 2))[0].swapaxes(1, 2)
    sketches = one.prepare((places[asked] + random.normal(size=(30, 6))).astype(np.float32))
    shapes = one.prepare(shapes.astype(np.float32))
    table = one.between(sketches, shapes).tolist()
    present = [max(row) for row in table]
    absent = [
        max(x for x, y in zip(row, labels, strict=True) if y != own)
        for row, own in zip(table, asked, strict=True)
    ]
    expected = fit_confidence(np.array(present), np.array(absent))
    ids = np.arange(30).astype(str)
    assert calibrate(Embeddings(ids, asked, sketches, ids[:12], labels, shapes, name)) == expected
