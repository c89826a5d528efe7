"""`evaluate` against a literal transcription of the definitions, and rankings worked by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sketchshape.metrics import MEASURES, Scores, evaluate, mean_and_spread


def literal(scores: Sequence[float], label: object, gallery: Sequence[object]) -> dict[str, object] | None:
    """One query, written from the definitions: lists, loops and exact fractions."""
    total = len(gallery)
    order = sorted(range(total), key=lambda shape: (-scores[shape], shape))
    relevant = [gallery[shape] == label for shape in order]
    size = sum(relevant)
    if size == 0:
        return None

    def found(rank: int) -> int:
        return sum(relevant[: min(rank, total)])

    gain, best = 0.0, 0.0
    for rank in range(1, total + 1):
        discount = 1.0 if rank == 1 else math.log2(rank)
        gain += relevant[rank - 1] / discount
        best += (1 / discount) if rank <= size else 0.0
    precisions = [Fraction(found(rank), rank) for rank in range(1, total + 1) if relevant[rank - 1]]
    curve: list[float | None] = []
    for level in range(1, 21):
        where = Fraction(level * size, 20)
        if size < 2 or where < 1:
            curve.append(None)
            continue
        below = math.floor(where)
        value = precisions[below - 1]
        if where > below:
            value += (where - below) * (precisions[below] - precisions[below - 1])
        curve.append(float(value))
    return {
        "nn": float(relevant[0]),
        "ft": found(size) / size,
        "st": found(2 * size) / size,
        "e": 2 * found(32) / (32 + size),
        "dcg": gain / best,
        "map": float(sum(precisions) / size),
        "pr": curve,
        "precisions": [float(p) for p in precisions],
    }


@st.composite
def tasks(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rankings with odd class sizes, classes without shapes, and ties."""
    sizes = draw(st.lists(st.sampled_from([1, 1, 2, 3, 5, 19, 20, 21, 40]), min_size=1, max_size=5))
    gallery = np.repeat(np.arange(len(sizes)), sizes)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rng.shuffle(gallery)
    queries = np.concatenate([gallery[:1], rng.integers(len(sizes) + 1, size=draw(st.integers(0, 6)))])
    distinct = draw(st.sampled_from([1, 2, 7, 10**6]))
    scores = rng.integers(distinct, size=(len(queries), len(gallery))).astype(np.float32)
    return scores, queries, gallery


@given(tasks())
@settings(max_examples=60, deadline=None)
def test_every_value_equals_the_literal_transcription(
    task: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    similarity, queries, gallery = task
    scores = evaluate(similarity, queries, gallery)
    pairs = zip(similarity.tolist(), queries.tolist(), strict=True)
    rows = [literal(row, query, gallery.tolist()) for row, query in pairs]
    counted = [(index, row) for index, row in enumerate(rows) if row is not None]
    assert scores.per_query.index.tolist() == [index for index, _ in counted]
    assert (scores.queries, scores.skipped) == (len(counted), len(rows) - len(counted))
    for name in MEASURES:
        expected = [row[name] for _, row in counted]
        np.testing.assert_allclose(getattr(scores.per_query, name), expected, rtol=1e-12, err_msg=name)
        assert getattr(scores, name) == pytest.approx(np.mean(expected))
    curves = np.array([row["pr"] for _, row in counted], dtype=float)
    np.testing.assert_allclose(scores.per_query.pr, curves, rtol=1e-12)
    for level, column in enumerate(curves.T):
        values = column[~np.isnan(column)]
        np.testing.assert_allclose(scores.pr[level], np.mean(values) if len(values) else np.nan)
    widest = max(len(row["precisions"]) for _, row in counted)
    padded = [row["precisions"] + [0.0] * (widest - len(row["precisions"])) for _, row in counted]
    assert scores.map_padded == pytest.approx(np.mean(padded))
    for label, means in scores.per_class.items():
        own = [row for index, row in counted if queries[index] == label]
        assert means == pytest.approx({name: np.mean([row[name] for row in own]) for name in MEASURES})


def ranked(relevant: str) -> Scores:
    """Score one query whose ranking is written as a string, 1 = relevant."""
    gallery = ["query" if mark == "1" else "other" for mark in relevant]
    return evaluate(-np.arange(len(gallery), dtype=np.float32)[None], ["query"], gallery)


def test_a_ranking_worked_by_hand() -> None:
    scores = ranked("0110001000")  # C = 3: ranks 2, 3, 7
    assert scores.nn == 0
    assert scores.ft == pytest.approx(2 / 3)
    assert scores.st == pytest.approx(2 / 3)
    assert scores.e == pytest.approx(2 * 3 / (32 + 3))
    assert scores.dcg == pytest.approx((1 + 1 / math.log2(3) + 1 / math.log2(7)) / (2 + 1 / math.log2(3)))
    assert scores.map == pytest.approx((1 / 2 + 2 / 3 + 3 / 7) / 3)
    # Levels 1..6 ask for less than one shape; level 7 for 1.05, level 20 for all three.
    assert np.isnan(scores.pr[:6]).all()
    assert scores.pr[6] == pytest.approx(1 / 2 + 0.05 * (2 / 3 - 1 / 2))
    assert scores.pr[19] == pytest.approx(3 / 7)


def test_ranks_one_and_two_weigh_the_same_in_dcg_but_not_in_map() -> None:
    assert ranked("1000").dcg == ranked("0100").dcg == 1
    assert ranked("0010").dcg == pytest.approx(1 / math.log2(3))
    assert (ranked("1000").map, ranked("0100").map) == (1, 0.5)


def test_a_gallery_shorter_than_an_index_keeps_the_denominator() -> None:
    scores = ranked("0111")  # 2C = 6 > 4 shapes, and 4 < 32
    assert scores.st == 1
    assert scores.e == pytest.approx(6 / 35)


def test_a_class_of_one_is_in_every_mean_but_not_in_the_curve() -> None:
    scores = ranked("01000")
    assert np.isnan(scores.pr).all()
    assert np.isnan(scores.map_pr20)
    assert (scores.ft, scores.st, scores.map) == (0, 1, 0.5)
    saved = json.loads(json.dumps(scores.to_json(), allow_nan=False))
    assert (saved["mAP_pr20"], saved["PR"], saved["mAP"]) == (None, [None] * 20, 0.5)


def test_a_network_that_has_collapsed_scores_as_the_order_of_the_gallery() -> None:
    rng = np.random.default_rng(3)
    gallery = rng.permutation(np.repeat(np.arange(40), 10))
    flat = evaluate(np.ones((400, 400), dtype=np.float32), gallery, gallery)
    assert flat.nn == pytest.approx(1 / 40)
    assert flat.map < 0.06
    assert flat.ft < 0.06


def test_shuffling_queries_or_gallery_changes_nothing() -> None:
    rng = np.random.default_rng(5)
    queries, gallery = rng.integers(7, size=30), rng.integers(6, size=50)
    similarity = rng.permutation(1500).reshape(30, 50).astype(np.float64)
    first = evaluate(similarity, queries, gallery)
    rows, columns = rng.permutation(30), rng.permutation(50)
    again = evaluate(similarity[np.ix_(rows, columns)], queries[rows], gallery[columns])
    for name, value in first.to_json().items():
        assert again.to_json()[name] == pytest.approx(value, nan_ok=True), name
    assert {k: pytest.approx(v) for k, v in again.per_class.items()} == first.per_class
    by_query = dict(zip(first.per_query.index, first.per_query.map, strict=True))
    for index, value in zip(again.per_query.index, again.per_query.map, strict=True):
        assert by_query[rows[index]] == value


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.int16, np.uint8])
def test_only_the_order_counts_and_not_the_number_type(kind: type) -> None:
    rng = np.random.default_rng(7)
    similarity = rng.integers(100, size=(130, 60))
    labels = rng.integers(5, size=60)
    expected = evaluate(np.exp(similarity.astype(np.float64)), labels[:60].repeat(3)[:130], labels)
    actual = evaluate(similarity.astype(kind), labels.repeat(3)[:130], labels)
    assert actual.to_json() == expected.to_json()


def test_labels_may_be_words() -> None:
    rng = np.random.default_rng(9)
    similarity, q, g = rng.random((20, 30)), rng.integers(4, size=20), rng.integers(4, size=30)
    words = np.array(["ant", "bee", "cow", "dog"])
    assert evaluate(similarity, words[q], words[g]).to_json() == evaluate(similarity, q, g).to_json()
    assert set(evaluate(similarity, words[q], list(words[g])).per_class) == set(words[q])


def test_the_mean_over_classes_weighs_every_class_the_same() -> None:
    scores = evaluate([[1.0, 0], [1, 0], [1, 0], [1, 0]], ["a", "a", "a", "b"], ["a", "b"])
    assert scores.nn == 0.75
    assert scores.over_classes["nn"] == 0.5
    assert scores.over_classes["map"] == pytest.approx((1 + 1 / 2) / 2)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_similarity_that_is_no_number_is_refused_by_row(bad: float) -> None:
    similarity = np.zeros((100, 4), dtype=np.float32)
    similarity[77, 2] = bad
    with pytest.raises(ValueError, match=r"similarity\[77, 2\] is -?(nan|inf), expected finite"):
        evaluate(similarity, [0] * 100, [0, 0, 1, 1])


@pytest.mark.parametrize(
    ("similarity", "queries", "gallery", "message"),
    [
        (np.zeros((2, 3)), [0], [0, 0, 0], r"shape \(2, 3\), expected \(queries, gallery\) = \(1, 3\)"),
        (np.zeros((2, 3)), [0, 0], [0, 0], r"= \(2, 2\)"),
        (np.zeros(3), [0], [0, 0, 0], r"shape \(3,\)"),
        (np.zeros((1, 2)), [[0]], [0, 0], r"labels have shape \(1, 1\)"),
        (np.zeros((1, 2), dtype=complex), [0], [0, 0], "complex128, expected real"),
        (np.zeros((1, 2)), ["0"], [0, 0], "none of the 1 queries"),
        (np.zeros((0, 2)), [], [0, 0], "none of the 0 queries"),
    ],
)
def test_what_does_not_fit_is_refused(
    similarity: np.ndarray, queries: list[object], gallery: list[object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        evaluate(similarity, queries, gallery)


def test_mean_and_spread_over_seeds() -> None:
    runs = [ranked("1000"), ranked("0100"), ranked("0001")]
    mean, spread = mean_and_spread(runs)["map"]
    assert mean == pytest.approx((1 + 0.5 + 0.25) / 3)
    assert spread == pytest.approx(np.std([1, 0.5, 0.25], ddof=1))
    alone = mean_and_spread(runs[:1])["nn"]
    assert alone[0] == 1
    assert np.isnan(alone[1])
    with pytest.raises(ValueError, match="no scores"):
        mean_and_spread([])
