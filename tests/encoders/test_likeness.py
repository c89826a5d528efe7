"""Each likeness against its formula written out, and what holds for all of them."""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from sketchshape.encoders import likeness as module
from sketchshape.encoders.likeness import COSINE, NAMES, likeness
from sketchshape.metrics.rows import unit

ROWS = {"cosine": (7,), "euclidean": (7,), "nearest_view": (3, 7), "subspace": (2, 7)}
Vector = list[float]


def dot(a: Vector, b: Vector) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def distance(a: Vector, b: Vector) -> float:
    return math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)))


def city(a: Vector, b: Vector) -> float:
    return sum(abs(x - y) for x, y in zip(a, b, strict=True))


def to_subspace(point: Vector, basis: list[Vector]) -> float:
    """The squared distance of a point to its projection."""
    foot = [0.0] * len(point)
    for row in basis:
        along = dot(row, point)
        foot = [f + along * x for f, x in zip(foot, row, strict=True)]
    return distance(point, foot) ** 2


BETWEEN: dict[str, Callable[..., float]] = {
    "cosine": dot,
    "euclidean": lambda sketch, shape: 1 / (1 + distance(sketch, shape)),
    "nearest_view": lambda sketch, views: 1 / (1 + min(city(sketch, view) for view in views)),
    "subspace": lambda sketch, basis: 1 - to_subspace(sketch, basis),
}
AMONG: dict[str, Callable[..., float]] = {
    "cosine": dot,
    "euclidean": BETWEEN["euclidean"],
    "nearest_view": lambda one, other: 1 / (1 + min(city(a, b) for a in one for b in other)),
    "subspace": lambda one, other: sum(dot(a, b) ** 2 for a in one for b in other) / len(one),
}


def made(name: str, sketches: int, shapes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Sketches and shapes as they are stored; some lie far from the origin."""
    random = np.random.default_rng(seed)
    asked = random.normal(size=(sketches, 7)) * 3 + 5
    stored = random.normal(size=(shapes, *ROWS[name])) * 3 + 5
    if name == "subspace":
        stored = np.linalg.qr(stored.swapaxes(1, 2))[0].swapaxes(1, 2)
    one = likeness(name)
    return one.prepare(asked.astype(np.float32)), one.prepare(stored.astype(np.float32))


@pytest.mark.parametrize("name", NAMES)
def test_sketches_and_shapes_are_compared_by_the_formula(name: str) -> None:
    sketches, shapes = made(name, 5, 9)
    found = likeness(name).between(sketches, shapes)
    expected = [[BETWEEN[name](a, b) for b in shapes.tolist()] for a in sketches.tolist()]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=3e-7)
    assert found.dtype == np.float32


@pytest.mark.parametrize("name", NAMES)
def test_shapes_are_compared_by_the_formula(name: str) -> None:
    _, shapes = made(name, 1, 9)
    found = likeness(name).among(shapes[:4], shapes)
    expected = [[AMONG[name](a, b) for b in shapes.tolist()] for a in shapes[:4].tolist()]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=3e-7)
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.diagonal(found), 1, atol=1e-6)  # no shape is more alike than itself
    np.testing.assert_allclose(found[:, :4], found[:, :4].T, atol=1e-6)


@pytest.mark.parametrize("name", ["euclidean", "nearest_view"])
def test_a_copy_is_alike_to_the_bit(name: str) -> None:
    _, shapes = made(name, 1, 50)
    one = likeness(name)
    assert (np.diagonal(one.among(shapes, shapes)) == 1).all()
    views = shapes.reshape(50, -1, 7)[:, -1]
    assert (np.diagonal(one.between(views, shapes)) == 1).all()


@pytest.mark.parametrize("name", NAMES)
def test_all_values_are_within_their_range(name: str) -> None:
    sketches, shapes = made(name, 40, 60, seed=1)
    for scale in (1e-3, 1, 1e4):
        one = likeness(name)
        asked, stored = (sketches, shapes) if one.name == "subspace" else (sketches * scale, shapes * scale)
        asked, stored = one.prepare(asked), one.prepare(stored)
        for found in (one.between(asked, stored), one.among(stored, stored)):
            low, slack = (-1, 1e-6) if name == "cosine" else (0, 0)
            assert low - slack <= found.min() <= found.max() <= 1 + slack


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("euclidean", lambda a, b: np.linalg.norm(a - b)),
        ("nearest_view", lambda a, b: np.abs(b - a).sum(1).min()),
        ("subspace", lambda a, b: np.linalg.norm(a - b.T @ (b @ a))),
    ],
)
def test_the_ranking_is_that_of_the_distance(name: str, plain: Callable[..., float]) -> None:
    sketches, shapes = made(name, 6, 80, seed=2)
    found = likeness(name).between(sketches, shapes)
    distances = [[plain(a, b) for b in shapes.astype(np.float64)] for a in sketches.astype(np.float64)]
    np.testing.assert_array_equal(np.argsort(-found, axis=1), np.argsort(distances, axis=1))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("block", [1, 20, 100, 1 << 20])
def test_the_size_of_a_block_changes_no_bit(name: str, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    sketches, shapes = made(name, 5, 101)
    one = likeness(name)
    expected = one.between(sketches, shapes), one.among(shapes[:3], shapes)
    monkeypatch.setattr(module, "BLOCK", block)
    for found, right in zip(
        (one.between(sketches, shapes), one.among(shapes[:3], shapes)), expected, strict=True
    ):
        assert found.tobytes() == right.tobytes()


@pytest.mark.parametrize("name", [name for name in NAMES if name != "cosine"])
def test_others_beside_it_change_no_bit_of_a_value(name: str) -> None:
    sketches, shapes = made(name, 6, 30)
    one = likeness(name)
    whole = one.between(sketches, shapes)
    assert one.between(sketches[2:3], shapes[::-2]).tobytes() == whole[2:3, ::-2].tobytes()


def test_the_cosine_is_the_product_to_the_bit() -> None:
    sketches, shapes = made("cosine", 6, 30)
    expected = (sketches @ shapes.T).tobytes()
    assert COSINE.between(sketches, shapes).tobytes() == expected == COSINE.among(sketches, shapes).tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_rows_are_prepared_for_what_they_are(name: str) -> None:
    rows = np.random.default_rng(3).normal(size=(5, 7)).astype(np.float32)
    bases = np.random.default_rng(3).normal(size=(5, 2, 7)).astype(np.float32)
    one = likeness(name)
    expected = unit(rows) if name in ("cosine", "subspace") else rows
    assert one.prepare(rows).tobytes() == expected.tobytes()
    if one.rank == 2:
        assert one.prepare(bases) is bases


@pytest.mark.parametrize("name", NAMES)
def test_a_large_library_takes_little_memory(name: str) -> None:
    sketches, shapes = made(name, 1, 100_000)
    one = likeness(name)
    tracemalloc.start()
    try:
        one.between(sketches, shapes)
        one.among(shapes[:1], shapes)
        assert tracemalloc.get_traced_memory()[1] < 10e6
    finally:
        tracemalloc.stop()


def test_a_subspace_holds_its_points_and_nothing_of_what_is_across() -> None:
    one = likeness("subspace")
    basis = np.eye(5, dtype=np.float32)[None, :2]
    points = unit(np.array([[3, -4, 0, 0, 0], [0, 0, 1, 2, 3], [1, 0, 1, 0, 0]], np.float32))
    np.testing.assert_allclose(one.between(points, basis)[:, 0], [1, 0, 0.5], atol=1e-7)
    angle = 0.3
    turned = np.array([[[1, 0, 0, 0, 0], [0, np.cos(angle), np.sin(angle), 0, 0]]], np.float32)
    np.testing.assert_allclose(one.among(turned, basis), [[(1 + np.cos(angle) ** 2) / 2]], rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_alike_to_nothing(name: str) -> None:
    sketches, shapes = made(name, 2, 3)
    one = likeness(name)
    assert one.between(sketches[:0], shapes).shape == (0, 3)
    assert one.between(sketches, shapes[:0]).shape == (2, 0)
    assert one.among(shapes, shapes[:0]).shape == (3, 0)


@pytest.mark.parametrize("name", NAMES)
def test_what_does_not_fit_is_refused(name: str) -> None:
    sketches, shapes = made(name, 2, 3)
    one = likeness(name)
    for asked, stored in ((sketches[:, :6], shapes), (sketches[0], shapes), (sketches, shapes[0])):
        with pytest.raises(ValueError, match=f"expected for {name} items of 1"):
            one.between(asked, stored)
    with pytest.raises(ValueError, match=f"items of {one.rank} and shapes of {one.rank}"):
        one.among(shapes[0], shapes)


def test_another_name_is_refused() -> None:
    with pytest.raises(
        ValueError, match="likeness is 'l2', expected one of: cosine, euclidean, nearest_view, s"
    ):
        likeness("l2")
