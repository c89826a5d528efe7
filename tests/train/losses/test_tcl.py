"""The triplet-center loss against its formula, written out as loops, and the clipped step of its centers."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from sketchshape.train.engine.sgd import SGD  # noqa: E402
from sketchshape.train.losses.triplet_center import TripletCenter, triplet_center_loss  # noqa: E402
from sketchshape.train.models.encoder import ParameterGroup  # noqa: E402

torch.set_num_threads(1)
BOTH = pytest.mark.parametrize("measure", ["euclidean", "cosine"])


def _case(items=9, classes=5, width=6, seed=0):
    random = torch.Generator().manual_seed(seed)
    embeddings = torch.randn(items, width, generator=random, dtype=torch.float64)
    centers = torch.randn(classes, width, generator=random, dtype=torch.float64)
    return embeddings, torch.randint(classes, (items,), generator=random), centers


def _distance(f, c, measure):
    if measure == "euclidean":
        return math.sqrt(sum((float(x) - float(y)) ** 2 for x, y in zip(f, c, strict=True)))
    dot, *squares = (
        sum(float(x) * float(y) for x, y in zip(*two, strict=True)) for two in ((f, c), (f, f), (c, c))
    )
    return 1 - dot / math.sqrt(squares[0] * squares[1])


@BOTH
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("margin", [0.0, 0.5, 5.0])
def test_the_loss_is_its_formula(measure, seed, margin):
    embeddings, labels, centers = _case(seed=seed)
    total = 0.0
    for f, y in zip(embeddings, labels.tolist(), strict=True):
        own = _distance(f, centers[y], measure)
        nearest = min(_distance(f, c, measure) for j, c in enumerate(centers) if j != y)
        total += max(0.0, margin + own - nearest)
    found = float(triplet_center_loss(embeddings, labels, centers, margin, measure))
    assert found == pytest.approx(total / len(embeddings), rel=1e-10, abs=1e-12)


@BOTH
def test_gradients_agree_with_finite_differences(measure):
    embeddings, labels, centers = _case()
    for tensor in (embeddings, centers):
        tensor.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda f, c: triplet_center_loss(f, labels, c, 0.7, measure), (embeddings, centers)
    )


@BOTH
def test_beyond_the_margin_there_is_nothing_to_gain_and_within_it_both_centers_move(measure):
    centers = torch.eye(3, dtype=torch.float64, requires_grad=True)
    label = torch.tensor([0])
    there = centers.detach()[:1].clone()
    gap = math.sqrt(2) if measure == "euclidean" else 1.0  # from the own center to the others
    assert float(triplet_center_loss(there, label, centers.detach(), gap - 0.01, measure)) == 0
    beyond = triplet_center_loss(there, label, centers.detach(), gap + 0.01, measure)
    assert float(beyond) == pytest.approx(0.01)
    between = torch.tensor([[1.0, 0.9, 0.1]], dtype=torch.float64)
    (slope,) = torch.autograd.grad(triplet_center_loss(between, label, centers, 0.5, measure), centers)
    before = [_distance(between[0], c, measure) for c in centers.detach()]
    after = [_distance(between[0], c, measure) for c in (centers - 0.01 * slope).detach()]
    assert after[0] < before[0]  # the own center comes nearer
    assert after[1] > before[1]  # the nearest other one goes away
    assert after[2] == before[2]  # the rest stays


def test_descending_it_brings_items_nearer_to_their_own_center_by_the_margin():
    embeddings, labels, centers = _case(items=24, classes=4)
    embeddings.requires_grad_()
    centers.requires_grad_()
    for _ in range(400):
        loss = triplet_center_loss(embeddings, labels, centers, 2.0)
        slopes = torch.autograd.grad(loss, (embeddings, centers))
        embeddings.data -= 0.5 * slopes[0]
        centers.data -= 0.1 * slopes[1]
    table = torch.cdist(embeddings.detach(), centers.detach())
    own = table[torch.arange(24), labels]
    others = table.scatter(1, labels[:, None], torch.inf).amin(1)
    assert float((others - own).min()) > 1.9


def test_the_module_is_the_function_with_centers_of_its_own():
    embeddings, labels, _ = _case()
    module = TripletCenter(5, 6, 1.5, "cosine", seed=3)
    rows = embeddings.float()
    assert torch.equal(module(rows, labels), triplet_center_loss(rows, labels, module.centers, 1.5, "cosine"))
    assert [(name, value.shape) for name, value in module.named_parameters()] == [("centers", (5, 6))]
    assert torch.equal(module.centers, TripletCenter(5, 6, 0.0, seed=3).centers)
    assert not torch.equal(module.centers, TripletCenter(5, 6, 0.0, seed=4).centers)


@BOTH
def test_it_is_computed_in_full_precision_under_autocast(measure):
    embeddings, labels, centers = (one.float() if one.is_floating_point() else one for one in _case())
    with torch.autocast("cpu", torch.bfloat16):
        found = triplet_center_loss(embeddings, labels, centers, 1.0, measure)
    assert found.dtype == torch.float32
    assert torch.equal(found, triplet_center_loss(embeddings, labels, centers, 1.0, measure))


def test_the_gradient_at_a_center_itself_is_finite():
    centers = torch.eye(3, requires_grad=True)
    embeddings = centers.detach()[:1].clone().requires_grad_()
    triplet_center_loss(embeddings, torch.tensor([0]), centers, 5.0).backward()
    assert torch.isfinite(embeddings.grad).all()
    assert torch.isfinite(centers.grad).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": torch.tensor([0, 1, 4])}, "labels have the value 4, expected 0 to 3"),
        ({"centers": torch.ones(4, 5)}, r"centers are float32 \(4, 5\), expected \(N, 6\)"),
        ({"margin": -0.1}, "margin is -0.1, expected 0 or more"),
        ({"margin": float("nan")}, "margin is nan"),
        ({"measure": "cos"}, "measure is 'cos', expected one of: euclidean, cosine"),
        ({"centers": torch.ones(1, 6), "labels": torch.zeros(3, dtype=torch.int64)}, "at least 2 classes"),
    ],
)
def test_wrong_arguments_are_refused(change, message):
    good = {"embeddings": torch.ones(3, 6), "labels": torch.tensor([0, 1, 2]), "centers": torch.ones(4, 6)}
    good["margin"] = 1.0
    triplet_center_loss(**good)
    with pytest.raises(ValueError, match=message):
        triplet_center_loss(**(good | change))


@pytest.mark.parametrize("clip", [0.0, 0.05])
def test_a_step_clips_each_entry_of_the_gradient_of_its_group_alone(clip):
    gradient = np.array([0.3, -0.04, -0.6, 0.0])
    groups = [
        ParameterGroup([torch.nn.Parameter(torch.ones(4, dtype=torch.float64))], factor=2.0, clip=clip),
        ParameterGroup([torch.nn.Parameter(torch.ones(4, dtype=torch.float64))]),
    ]
    optimizer = SGD(groups, momentum=0.5, weight_decay=0.1)
    expected, speeds = np.ones((2, 4)), np.zeros((2, 4))
    for _ in range(3):
        for index, (group, factor) in enumerate(zip(groups, (2.0, 1.0), strict=True)):
            group.parameters[0].grad = torch.from_numpy(gradient.copy())
            limited = np.clip(gradient, -clip, clip) if clip and index == 0 else gradient
            speeds[index] = 0.5 * speeds[index] + limited + 0.1 * expected[index]
            expected[index] -= 0.01 * factor * speeds[index]
        optimizer.step(0.01)
    found = np.stack([group.parameters[0].detach().numpy() for group in groups])
    assert np.allclose(found, expected, rtol=1e-12)
