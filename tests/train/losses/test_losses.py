"""Guidance loss and AM-softmax against their formulas, written out as loops."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from sketchshape.train.losses.am_softmax import AMSoftmax, am_softmax_loss  # noqa: E402
from sketchshape.train.losses.guidance import guidance_loss  # noqa: E402

torch.set_num_threads(1)


def _case(items=7, classes=5, width=6, seed=0):
    random = torch.Generator().manual_seed(seed)
    embeddings = torch.randn(items, width, generator=random, dtype=torch.float64)
    centers = torch.randn(classes, width, generator=random, dtype=torch.float64)
    labels = torch.randint(classes, (items,), generator=random)
    return embeddings, labels, centers


def _cosine(a, b):
    dot = sum(float(x) * float(y) for x, y in zip(a, b, strict=True))
    return dot / math.sqrt(sum(float(x) ** 2 for x in a)) / math.sqrt(sum(float(y) ** 2 for y in b))


@pytest.mark.parametrize("away", ["sum", "mean"])
@pytest.mark.parametrize("weight", [0.0, 0.1, 2.0])
def test_guidance_is_equations_1_to_3_with_distances(away, weight):
    embeddings, labels, centers = _case()
    near = far = 0.0
    for f, y in zip(embeddings, labels, strict=True):
        near += (1 - _cosine(f, centers[y])) / len(embeddings)
        others = [1 - _cosine(f, c) for j, c in enumerate(centers) if j != y]
        far += (sum(others) / (len(others) if away == "mean" else 1)) / len(embeddings)
    expected = near - weight * far
    assert float(guidance_loss(embeddings, labels, centers, weight, away)) == pytest.approx(
        expected, rel=1e-12
    )


def test_guidance_differs_from_its_form_with_similarities_by_a_constant_only():
    embeddings, labels, centers = _case()
    unit, table = torch.nn.functional.normalize, []
    for factor in (1.0, 2.0, 3.0):
        moved = embeddings + factor
        cosines = unit(moved) @ unit(centers).T
        own = cosines[torch.arange(len(labels)), labels]
        similarity = (-own + 0.1 * (cosines.sum(1) - own)).mean()
        table.append(float(guidance_loss(moved, labels, centers) - similarity))
    assert table == pytest.approx([1 - 0.1 * 4] * 3, abs=1e-12)


def test_guidance_falls_towards_the_own_center_and_rises_towards_another():
    centers = torch.eye(3, dtype=torch.float64)
    label = torch.tensor([0])

    def at(angle, other):
        # In the plane of the own center and one direction; 0 is the own center.
        f = math.cos(angle) * centers[0] + math.sin(angle) * other
        return float(guidance_loss(f[None], label, centers))

    nobody = torch.nn.functional.normalize(torch.tensor([[0.0, 1.0, -1.0]], dtype=torch.float64))[0]
    towards_own = [at(angle, nobody) for angle in np.linspace(math.pi - 0.01, 0, 50)]
    assert all(later < earlier for earlier, later in itertools.pairwise(towards_own))
    towards_other = [at(angle, centers[1]) for angle in np.linspace(0, math.pi / 2, 50)]
    assert all(later > earlier for earlier, later in itertools.pairwise(towards_other))
    # The push alone: from a place orthogonal to the own center, turning to another center costs `weight`.
    assert float(guidance_loss(centers[1:2], label, centers)) - float(
        guidance_loss(-nobody[None], label, centers)
    ) == pytest.approx(0.1)


def test_descending_the_guidance_loss_brings_features_to_their_own_center():
    embeddings, labels, _ = _case(items=20, classes=4, width=8)
    centers = torch.eye(8, dtype=torch.float64)[:4]
    embeddings.requires_grad_()
    for _ in range(200):
        (slope,) = torch.autograd.grad(guidance_loss(embeddings, labels, centers), embeddings)
        embeddings.data -= 20 * slope
    cosines = torch.nn.functional.normalize(embeddings.detach()) @ centers.T
    assert torch.equal(cosines.argmax(1), labels)
    assert float(cosines.max(1).values.min()) > 0.98  # t_y of orthogonal centers: 1/sqrt(1 + 3 * 0.01)


@pytest.mark.parametrize("away", ["sum", "mean"])
def test_guidance_gradient_has_its_closed_form(away):
    embeddings, labels, centers = _case()
    embeddings.requires_grad_()
    (found,) = torch.autograd.grad(guidance_loss(embeddings, labels, centers, 0.3, away), embeddings)
    unit = torch.nn.functional.normalize(centers)
    push = 0.3 / (4 if away == "mean" else 1)
    for i, (f, y) in enumerate(zip(embeddings.detach(), labels, strict=True)):
        direction = -(1 + push) * unit[y] + push * unit.sum(0)
        u = f / f.norm()
        expected = (direction - (direction @ u) * u) / f.norm() / len(embeddings)
        assert torch.allclose(found[i], expected, rtol=1e-10, atol=1e-12)
        assert abs(float(found[i] @ f)) < 1e-12  # the length of a feature does not matter


def test_gradients_agree_with_finite_differences():
    embeddings, labels, centers = _case()
    embeddings.requires_grad_()
    for away in ("sum", "mean"):
        assert torch.autograd.gradcheck(
            lambda f, a=away: guidance_loss(f, labels, centers, 0.1, a), embeddings
        )
    centers.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda f, w: am_softmax_loss(f, labels, w, 5.0, 0.35), (embeddings, centers)
    )


def test_lengths_do_not_matter():
    embeddings, labels, centers = _case()
    lengths = torch.linspace(0.01, 100, len(embeddings), dtype=torch.float64)[:, None]
    for loss in (guidance_loss, am_softmax_loss):
        plain = float(loss(embeddings, labels, centers))
        assert float(loss(embeddings * lengths, labels, centers)) == pytest.approx(plain, rel=1e-12)
        assert float(loss(embeddings, labels, centers * 7)) == pytest.approx(plain, rel=1e-12)


@pytest.mark.parametrize(("scale", "margin"), [(15.0, 0.35), (1.0, 0.0), (30.0, 0.2)])
def test_am_softmax_is_its_formula(scale, margin):
    embeddings, labels, weights = _case()
    total = 0.0
    for f, y in zip(embeddings, labels.tolist(), strict=True):
        scores = [_cosine(f, w) for w in weights]
        own = math.exp(scale * (scores[y] - margin))
        rest = sum(math.exp(scale * s) for j, s in enumerate(scores) if j != y)
        total -= math.log(own / (own + rest))
    found = float(am_softmax_loss(embeddings, labels, weights, scale, margin))
    assert found == pytest.approx(total / len(embeddings), rel=1e-12)


def test_am_softmax_module_is_the_function_with_its_weight():
    embeddings, labels, _ = _case()
    module = AMSoftmax(5, 6, 12.0, 0.1)
    assert torch.equal(module.weight, AMSoftmax(5, 6).weight)  # whatever was drawn before
    assert not torch.equal(module.weight, AMSoftmax(5, 6, seed=1).weight)
    rows = embeddings.float()
    assert torch.equal(module(rows, labels), am_softmax_loss(rows, labels, module.weight, 12.0, 0.1))
    assert module.scores(rows).argmax(1).shape == (7,)
    assert [name for name, _ in module.named_parameters()] == ["weight"]  # no bias


@pytest.mark.parametrize("loss", [guidance_loss, am_softmax_loss])
def test_losses_are_computed_in_full_precision_under_autocast(loss):
    embeddings, labels, centers = (one.float() if one.is_floating_point() else one for one in _case())
    with torch.autocast("cpu", torch.bfloat16):
        found = loss(embeddings, labels, centers)
    assert found.dtype == torch.float32
    assert torch.equal(found, loss(embeddings, labels, centers))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": torch.tensor([0, 1, 9])}, "labels have the value 9, expected 0 to 3"),
        ({"labels": torch.tensor([0, -1, 2])}, "labels have the value -1, expected 0 to 3"),
        ({"labels": torch.tensor([0, 1])}, r"labels are int64 \(2,\), expected int64 \(3,\)"),
        ({"labels": torch.tensor([0.0, 1.0, 2.0])}, "labels are float32"),
        ({"embeddings": torch.zeros(3)}, r"embeddings are float32 \(3,\)"),
        ({"embeddings": torch.zeros(0, 6)}, "M at least 1"),
        ({"embeddings": torch.zeros(3, 6, dtype=torch.int64)}, "embeddings are int64"),
        ({"centers": torch.zeros(4, 5)}, r"centers are float32 \(4, 5\), expected \(N, 6\)"),
        ({"weight": -0.1}, "weight is -0.1, expected 0 or more"),
        ({"weight": float("nan")}, "weight is nan"),
        ({"away": "max"}, "away is 'max', expected one of: sum, mean"),
        ({"centers": torch.ones(1, 6), "labels": torch.zeros(3, dtype=torch.int64)}, "at least 2 classes"),
    ],
)
def test_guidance_refuses_wrong_arguments(change, message):
    good = {"embeddings": torch.ones(3, 6), "labels": torch.tensor([0, 1, 2]), "centers": torch.ones(4, 6)}
    guidance_loss(**good)
    with pytest.raises(ValueError, match=message):
        guidance_loss(**(good | change))


@pytest.mark.parametrize(("scale", "margin"), [(0.0, 0.1), (15.0, -0.1), (15.0, 2.5)])
def test_am_softmax_refuses_wrong_arguments(scale, margin):
    with pytest.raises(ValueError, match="scale is"):
        am_softmax_loss(torch.ones(1, 2), torch.tensor([0]), torch.ones(2, 2), scale, margin)
