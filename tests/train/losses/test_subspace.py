"""Distances of points to subspaces against least squares, and the improved center loss against a loop."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
from sketchshape.train.losses.subspace import improved_center_loss, point_to_subspace, span  # noqa: E402

torch.set_num_threads(1)


def _draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("seed", range(3))
def test_the_distance_is_the_residual_of_least_squares(seed):
    points, vectors = _draw(5, 7, seed=seed), _draw(4, 3, 7, seed=seed + 10)
    found = point_to_subspace(points, span(vectors))
    for row, point in enumerate(points):
        for column, basis in enumerate(vectors):
            solution = torch.linalg.lstsq(basis.T, point[:, None]).solution
            residual = point - (basis.T @ solution)[:, 0]
            assert float(found[row, column]) == pytest.approx(float(residual @ residual), rel=1e-9)


def test_the_basis_is_orthonormal_and_spans_the_vectors():
    vectors = _draw(2, 3, 7)
    bases = span(vectors)
    assert torch.allclose(bases @ bases.mT, torch.eye(3, dtype=torch.float64).expand(2, 3, 3), atol=1e-12)
    assert torch.allclose(vectors @ bases.mT @ bases, vectors, atol=1e-12)


def test_points_inside_have_distance_0_and_orthogonal_ones_their_length():
    bases = torch.eye(4, dtype=torch.float64)[None, :2]
    points = torch.tensor([[3.0, -4.0, 0.0, 0.0], [0.0, 0.0, 1.0, 2.0], [1.0, 0.0, 1.0, 0.0]]).double()
    assert point_to_subspace(points, bases)[:, 0].tolist() == [0.0, 5.0, 1.0]


def test_with_one_direction_it_is_the_sine_of_the_angle():
    point = torch.nn.functional.normalize(_draw(1, 5, seed=1), dim=1)
    vector = _draw(1, 5, seed=2)
    cosine = torch.nn.functional.cosine_similarity(point, vector)
    assert float(point_to_subspace(point, span(vector[:, None]))) == pytest.approx(float(1 - cosine**2))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("margin", [0.0, 0.5, 3.0])
def test_the_center_loss_is_its_formula(seed, margin):
    squares, labels = _draw(6, 4, seed=seed).square(), torch.tensor([0, 1, 2, 3, 1, 1])
    expected = 0.0
    for row, label in zip(squares.tolist(), labels.tolist(), strict=True):
        nearest = min(value for column, value in enumerate(row) if column != label)
        expected += (row[label] + max(0.0, margin + row[label] - nearest)) / len(labels)
    assert float(improved_center_loss(squares, labels, margin)) == pytest.approx(expected, rel=1e-12)


def test_the_center_loss_pulls_to_the_own_center_and_pushes_the_nearest_other_one():
    squares = torch.tensor([[1.0, 1.2, 5.0]], requires_grad=True)
    improved_center_loss(squares, torch.tensor([0]), 0.5).backward()
    assert squares.grad.tolist() == [[2.0, -1.0, 0.0]]
    squares.grad = None
    improved_center_loss(squares, torch.tensor([0]), 0.1).backward()  # the margin is met: the pull remains
    assert squares.grad.tolist() == [[1.0, 0.0, 0.0]]


def test_gradients_are_those_of_finite_differences():
    points, vectors = _draw(3, 5, seed=3).requires_grad_(), _draw(2, 2, 5, seed=4).requires_grad_()
    labels = torch.tensor([0, 1, 0])

    def loss(x, v):
        return improved_center_loss(point_to_subspace(x, span(v)), labels, 1.0)

    assert torch.autograd.gradcheck(loss, (points, vectors))


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="K at most D"):
        span(_draw(2, 6, 5))
    with pytest.raises(ValueError, match=r"points \(3, 4\) and bases \(2, 2, 5\)"):
        point_to_subspace(_draw(3, 4), _draw(2, 2, 5))
    squares = _draw(2, 3).square()
    with pytest.raises(ValueError, match="margin is -1"):
        improved_center_loss(squares, torch.tensor([0, 1]), -1)
    with pytest.raises(ValueError, match="labels have the value 3"):
        improved_center_loss(squares, torch.tensor([0, 3]), 1.0)
    with pytest.raises(ValueError, match="for 1 centers"):
        improved_center_loss(squares[:, :1], torch.tensor([0, 0]), 1.0)
