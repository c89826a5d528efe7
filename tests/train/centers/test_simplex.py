"""Centers on a regular simplex: what they are, and why the guidance loss likes them."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from sketchshape.errors import ConfigError  # noqa: E402
from sketchshape.train.centers.simplex import regular_simplex  # noqa: E402
from sketchshape.train.centers.target_check import target_check  # noqa: E402
from sketchshape.train.losses.am_softmax import AMSoftmax  # noqa: E402
from sketchshape.train.losses.guidance import guidance_loss  # noqa: E402


@pytest.mark.parametrize(("corners", "width"), [(2, 1), (3, 2), (7, 6), (7, 40), (90, 256)])
def test_a_simplex_has_the_same_cosine_between_all_corners(corners, width):
    found = regular_simplex(corners, width, torch.Generator().manual_seed(3))
    expected = np.full((corners, corners), -1 / (corners - 1))
    np.fill_diagonal(expected, 1)
    np.testing.assert_allclose(found @ found.T, expected, atol=2e-6)
    np.testing.assert_allclose(found.sum(0), np.zeros(width), atol=1e-5)
    assert found.shape == (corners, width)
    assert found.dtype == torch.float32


def test_the_seed_turns_it():
    one, again, other = (regular_simplex(5, 8, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1))
    assert torch.equal(one, again)
    assert (one - other).abs().max() > 0.1


@pytest.mark.parametrize(("corners", "width"), [(1, 4), (6, 4)])
def test_what_does_not_fit_is_refused(corners, width):
    with pytest.raises(ConfigError, match=f"{corners} classes, expected 2 to 5 .*head.width"):
        regular_simplex(corners, width)


def test_on_a_simplex_the_push_only_scales_the_pull():
    """Cosines to all corners add up to zero, so those to the others are minus that to the own one."""
    centers = regular_simplex(9, 20, torch.Generator().manual_seed(0)).double()
    points = torch.randn(11, 20, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    labels = torch.arange(11) % 9
    cosines = torch.nn.functional.cosine_similarity(points, centers[labels])
    for weight in (0.0, 0.1, 0.7):
        expected = -(1 + weight) * cosines.mean() + 1 - weight * 8
        found = guidance_loss(points, labels, centers, weight)
        assert float(found) == pytest.approx(float(expected), abs=1e-6)


def test_the_guidance_loss_leads_exactly_to_the_corners():
    check = target_check(regular_simplex(90, 256).numpy(), 0.1)
    assert check.nearest.all()
    np.testing.assert_allclose(check.cosine, 1, atol=1e-6)


def test_a_fixed_classifier_is_not_learned_but_saved():
    fixed = AMSoftmax(5, 6, seed=2, fixed=regular_simplex(5, 6, torch.Generator().manual_seed(2)))
    assert not list(fixed.parameters())
    assert torch.equal(fixed.weight, regular_simplex(5, 6, torch.Generator().manual_seed(2)))
    assert list(fixed.state_dict()) == ["weight"] == list(AMSoftmax(5, 6).state_dict())
