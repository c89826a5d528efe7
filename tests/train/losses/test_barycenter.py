"""The entropic barycenter against closed forms, a loop in the plain domain, and finite differences."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from sketchshape.train.losses.barycenter import line_cost, wasserstein_barycenter  # noqa: E402

torch.set_num_threads(1)
BINS = 101
PLACES = torch.linspace(0, 1, BINS, dtype=torch.float64)
COST = (PLACES[:, None] - PLACES) ** 2


def _gauss(mean, variance):
    return (-((PLACES - mean) ** 2) / (2 * variance)).log_softmax(0)


def _random(items, views, bins, seed=0):
    random = torch.Generator().manual_seed(seed)
    return torch.randn(items, views, bins, generator=random, dtype=torch.float64).log_softmax(2)


def _moments(logarithms):
    histogram = logarithms.exp()
    mean = float(histogram @ PLACES)
    return mean, float(histogram @ (PLACES - mean) ** 2)


def _projections(histograms, cost, blur, iterations):
    """Iterative Bregman projections in the plain domain, one histogram after the other."""
    kernel = np.exp(-cost / blur)
    scale = [np.ones(len(cost)) for _ in histograms]
    for _ in range(iterations):
        seen = [
            kernel @ (histogram / (kernel.T @ one)) for histogram, one in zip(histograms, scale, strict=True)
        ]
        shared = np.prod([part ** (1 / len(seen)) for part in seen], axis=0)
        scale = [shared / part for part in seen]
    return shared / shared.sum()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("iterations", [1, 3, 50])
def test_it_is_the_loop_in_the_plain_domain(seed, iterations):
    logarithms = _random(2, 4, 9, seed)
    cost = torch.rand(
        9, 9, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )  # not symmetric
    found = wasserstein_barycenter(logarithms, cost, 0.2, iterations).exp()
    for item, barycenter in zip(logarithms, found, strict=True):
        expected = _projections(list(item.exp().numpy()), cost.numpy(), 0.2, iterations)
        assert barycenter.numpy() == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("first", "second"), [(0.3, 0.7), (0.45, 0.5), (0.2, 0.6)])
def test_of_two_points_on_a_line_it_is_a_bell_at_the_middle(first, second):
    points = torch.full((1, 2, BINS), -torch.inf, dtype=torch.float64)
    points[0, 0, round(first * 100)] = points[0, 1, round(second * 100)] = 0.0
    found = wasserstein_barycenter(points, COST, 0.03, 1)
    expected = _gauss((first + second) / 2, 0.03 / 2)  # the mean cost to move there, as an exponent
    assert found[0].numpy() == pytest.approx(expected.numpy(), abs=1e-9)


def test_of_two_bells_on_a_line_it_is_a_bell_at_the_middle_and_no_mixture():
    both = torch.stack([_gauss(0.3, 0.003), _gauss(0.7, 0.003)])[None]
    mean, variance = _moments(wasserstein_barycenter(both, COST, 0.02, 200)[0])
    assert mean == pytest.approx(0.5, abs=1e-9)
    # Equal variances s: the barycenter b of the blurred problem has b = s + blur / 2, from its fixed point.
    assert variance == pytest.approx(0.003 + 0.02 / 2, rel=0.01)
    assert _moments(both.exp().mean(1).log()[0])[1] > 0.04  # a mixture is much wider


def test_of_one_histogram_it_is_that_histogram_blurred():
    logarithms, cost = _random(3, 1, 20), line_cost(20).double()
    kernel = torch.exp(-cost / 0.05)
    expected = (logarithms[:, 0].exp() / kernel.sum(0)) @ kernel.T
    found = wasserstein_barycenter(logarithms, cost, 0.05, 1).exp()
    assert torch.allclose(found, expected, rtol=1e-12)
    assert torch.allclose(wasserstein_barycenter(logarithms, cost, 0.05, 7).exp(), expected, rtol=1e-12)


def test_the_order_of_the_histograms_does_not_matter():
    logarithms, cost = _random(2, 5, 12), line_cost(12)
    found = wasserstein_barycenter(logarithms, cost)
    assert torch.allclose(found, wasserstein_barycenter(logarithms.flip(1), cost), rtol=1e-12)
    assert found.exp().sum(1).tolist() == pytest.approx([1.0, 1.0])


def test_more_iterations_come_to_rest():
    logarithms, cost = _random(2, 6, 30), line_cost(30)
    steps = [wasserstein_barycenter(logarithms, cost, 0.05, count).exp() for count in (5, 10, 20, 200)]
    errors = [float((step - steps[-1]).abs().sum(1).max()) for step in steps[:-1]]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.01


def test_float32_agrees_with_float64_at_the_steepest_kernel_that_is_allowed():
    logarithms, cost = _random(2, 6, 64), line_cost(64)
    exact = wasserstein_barycenter(8 * logarithms.log_softmax(2), cost.double(), 1 / 60, 10)
    found = wasserstein_barycenter(8 * logarithms.float().log_softmax(2), cost, 1 / 60, 10)
    assert found.dtype == torch.float32
    assert float((found.exp() - exact.exp()).abs().max()) < 1e-5


def test_gradients_are_those_of_finite_differences():
    logarithms = _random(2, 3, 6).requires_grad_()
    cost = line_cost(6).double().requires_grad_()

    def barycenter(values, costs):
        return wasserstein_barycenter(values.log_softmax(2), costs, 0.1, 4)

    assert torch.autograd.gradcheck(barycenter, (logarithms, cost))


def test_the_cost_on_a_line_is_the_squared_distance_of_its_places():
    assert line_cost(BINS).numpy() == pytest.approx(COST.numpy(), abs=1e-6)


def test_a_cost_with_a_reach_grows_no_further():
    ramp = [0.0, 1 / 9, 4 / 9, 1.0, 1.0, 1.0]
    assert line_cost(6, 3)[0].tolist() == pytest.approx(ramp)
    assert line_cost(6, 3)[:, 5].tolist() == pytest.approx(ramp[::-1])


def test_wrong_arguments_are_refused():
    logarithms, cost = _random(2, 3, 6), line_cost(6)
    with pytest.raises(ValueError, match=r"cost has shape \(5, 5\), expected \(6, 6\)"):
        wasserstein_barycenter(logarithms, line_cost(5))
    with pytest.raises(ValueError, match=r"blur is 0\.01 at a largest cost of 1, expected at least 0\.0167"):
        wasserstein_barycenter(logarithms, cost, 0.01)
    with pytest.raises(ValueError, match="blur nan"):
        wasserstein_barycenter(logarithms, cost, math.nan)
    with pytest.raises(ValueError, match="iterations is 0"):
        wasserstein_barycenter(logarithms, cost, iterations=0)
    with pytest.raises(ValueError, match=r"logarithms have shape \(3, 6\)"):
        wasserstein_barycenter(logarithms[0], cost)
    with pytest.raises(ValueError, match=r"bins is 1 and reach 0\.5, expected at least 2 and at least 1"):
        line_cost(1, 0.5)
