"""The losses of pairs against loops over all pairs, and where their gradients lead."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")
from sketchshape.train.losses.contrastive import (  # noqa: E402
    Contrastive,
    Exponential,
    across_loss,
    four_term_loss,
    within_loss,
)

torch.set_num_threads(1)


def _case(seed, sketches=7, shapes=5, classes=3, width=4, scale=1.0):
    random = torch.Generator().manual_seed(seed)
    items = [
        scale * torch.randn(count, width, generator=random, dtype=torch.float64)
        for count in (sketches, shapes)
    ]
    labels = [torch.arange(count) % classes for count in (sketches, shapes)]
    return items[0], labels[0], items[1], labels[1]


def _distance(a, b, norm):
    gaps = [abs(float(x) - float(y)) for x, y in zip(a, b, strict=True)]
    return sum(gaps) if norm == 1 else math.sqrt(sum(gap**2 for gap in gaps))


def _average(pairs, loss, norm):
    """Half the mean over pairs of one class, and half that over those of two that are too near."""
    kinds = {True: [], False: []}
    for a, b, same in pairs:
        value = loss(_distance(a, b, norm), same)
        kinds[same] += [value] if same or value > 0 else []
    return sum(sum(values) / len(values) / 2 for values in kinds.values() if values)


def _within(items, labels):
    count = len(items)
    return [
        (items[i], items[j], bool(labels[i] == labels[j])) for i in range(count) for j in range(i + 1, count)
    ]


def _across(left, left_labels, right, right_labels):
    return [
        (a, b, bool(y == z))
        for a, y in zip(left, left_labels, strict=True)
        for b, z in zip(right, right_labels, strict=True)
    ]


def _contrastive(margin):
    return lambda length, same: length**2 if same else max(0.0, margin - length**2)


def _exponential(length, same):
    return 0.2 * length**2 if same else 10 * math.exp(-0.277 * length)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("scale", [0.3, 1.0])
def test_the_four_terms_are_those_of_the_formula(seed, scale):
    sketches, sketch_labels, shapes, shape_labels = case = _case(seed, scale=scale)
    loss = _contrastive(3.0)
    expected = (
        _average(_within(sketches, sketch_labels), loss, 2)
        + _average(_within(shapes, shape_labels), loss, 2)
        + 2 * _average(_across(*case), loss, 2)
    )
    assert float(four_term_loss(*case, margin=3.0)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_exponential_loss_of_siamese_is_its_formula(seed):
    case = _case(seed)
    across = float(across_loss(*case, Exponential(), norm=1.0))
    assert across == pytest.approx(_average(_across(*case), _exponential, 1), rel=1e-12)
    within = float(within_loss(*case[:2], Exponential(), norm=1.0))
    assert within == pytest.approx(_average(_within(*case[:2]), _exponential, 1), rel=1e-12)


def test_a_kind_of_pair_that_is_missing_counts_as_zero():
    items = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    alike, different = torch.zeros(3, dtype=torch.int64), torch.arange(3)
    assert float(within_loss(items, alike, Contrastive(3.0))) == pytest.approx((1 + 1 + 2) / 3 / 2)
    assert float(within_loss(items, different, Contrastive(3.0))) == pytest.approx((2 + 2 + 1) / 3 / 2)


def test_pairs_of_one_class_pull_and_others_push_up_to_the_margin():
    still, same, other = (
        torch.zeros(1, 1),
        torch.zeros(1, dtype=torch.int64),
        torch.ones(1, dtype=torch.int64),
    )

    def slope(place, labels):
        moving = torch.tensor([[place]], requires_grad=True)
        across_loss(moving, same, still, labels, Contrastive(4.0)).backward()
        return float(moving.grad)

    assert slope(1.5, same) == pytest.approx(1.5)  # half of 2 d
    assert slope(1.5, other) == pytest.approx(-1.5)
    assert slope(1.999, other) < 0 == slope(2.001, other)  # the margin is one of squares
    assert slope(0.0, same) == slope(0.0, other) == 0.0  # and no NaN


def test_a_pair_that_is_far_enough_apart_does_not_thin_out_the_others():
    items = torch.tensor([[0.0], [1.0], [9.0], [99.0]])
    few, many = (within_loss(items[:count], torch.arange(count), Contrastive(3.0)) for count in (2, 4))
    assert float(few) == float(many) == 1.0


def test_gradients_are_those_of_finite_differences():
    sketches, sketch_labels, shapes, shape_labels = _case(3)
    sketches.requires_grad_()
    shapes.requires_grad_()

    def four(a, b):
        return four_term_loss(a, sketch_labels, b, shape_labels, 3.0)

    def exponential(a, b):
        return across_loss(a, sketch_labels, b, shape_labels, Exponential(), 1.0)

    assert torch.autograd.gradcheck(four, (sketches, shapes))
    assert torch.autograd.gradcheck(exponential, (sketches, shapes))


def test_distances_stay_exact_in_half_precision_autocast():
    case = [part.float() if part.is_floating_point() else part for part in _case(4)]
    with torch.autocast("cpu", torch.bfloat16):
        assert float(four_term_loss(*case, margin=3.0)) == pytest.approx(
            float(four_term_loss(*case, margin=3.0)), rel=1e-6
        )
        assert four_term_loss(*case, margin=3.0).dtype == torch.float32


@pytest.mark.parametrize("margin", [0.0, -1.0, math.nan])
def test_a_margin_that_is_not_positive_is_refused(margin):
    with pytest.raises(ValueError, match=f"margin is {margin}, expected more than 0"):
        Contrastive(margin)


def test_wrong_arguments_are_refused():
    sketches, sketch_labels, shapes, shape_labels = _case(0)
    with pytest.raises(ValueError, match=r"labels are int64 \(6,\), expected int64 \(7,\)"):
        within_loss(sketches, sketch_labels[1:], Contrastive(1.0))
    with pytest.raises(ValueError, match=r"expected \(N, 4\) as the others"):
        across_loss(sketches, sketch_labels, shapes[:, 1:], shape_labels, Contrastive(1.0))
    with pytest.raises(ValueError, match="expected floating point"):
        within_loss(sketch_labels[:, None], sketch_labels, Contrastive(1.0))
    with pytest.raises(ValueError, match=r"near is 0\.2, far 10\.0 and rate 0"):
        Exponential(rate=0.0)
