"""The two losses of DCA: batch-hard against a loop over all triplets, and the distance of class means."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")
from sketchshape.train.losses.class_means import class_mean_loss  # noqa: E402
from sketchshape.train.losses.triplet import batch_hard_loss  # noqa: E402

torch.set_num_threads(1)


def _case(seed, anchors=8, others=9, classes=3, width=4):
    random = torch.Generator().manual_seed(seed)
    draw = [torch.randn(count, width, generator=random, dtype=torch.float64) for count in (anchors, others)]
    labels = [torch.randint(classes, (count,), generator=random) for count in (anchors, others)]
    return draw[0], labels[0], draw[1], labels[1]


def _hardest(anchors, anchor_labels, others, other_labels, margin):
    """The largest loss over all triplets of each anchor, averaged over anchors that are in one."""
    values = []
    for anchor, label in zip(anchors, anchor_labels, strict=True):
        lengths = [math.dist(anchor.tolist(), other.tolist()) for other in others]
        triplets = [
            max(0.0, margin + lengths[p] - lengths[n])
            for p in range(len(others))
            for n in range(len(others))
            if other_labels[p] == label != other_labels[n]
        ]
        values += [max(triplets)] if triplets else []
    return sum(values) / len(values)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("margin", [0.0, 0.7, 5.0])
def test_it_is_the_worst_of_all_triplets(seed, margin):
    case = _case(seed)
    assert float(batch_hard_loss(*case, margin)) == pytest.approx(_hardest(*case, margin), rel=1e-12)


def test_within_one_modality_an_anchor_is_not_its_own_positive():
    items, labels = _case(5)[0], torch.tensor([0, 0, 1, 1, 1, 2, 2, 0])
    # The anchor itself, at distance 0, is never the furthest; a loop that leaves it out gives the same.
    expected = [
        max(0.0, 1 + max(gaps) - min(far))
        for anchor, label in zip(items, labels, strict=True)
        if (
            gaps := [
                float(torch.dist(anchor, other))
                for other, other_label in zip(items, labels, strict=True)
                if other_label == label and not torch.equal(other, anchor)
            ]
        )
        and (
            far := [
                float(torch.dist(anchor, other))
                for other, other_label in zip(items, labels, strict=True)
                if other_label != label
            ]
        )
    ]
    assert len(expected) == len(items)
    assert float(batch_hard_loss(items, labels, items, labels, 1.0)) == pytest.approx(
        sum(expected) / len(expected), rel=1e-9
    )


def test_anchors_without_a_triplet_do_not_count():
    anchors, labels = torch.tensor([[0.0], [9.0]]), torch.tensor([0, 7])
    others, other_labels = torch.tensor([[2.0], [1.0]]), torch.tensor([0, 1])
    assert float(batch_hard_loss(anchors, labels, others, other_labels, 0.5)) == pytest.approx(1.5)
    assert float(batch_hard_loss(anchors, labels, others[:1], other_labels[:1], 0.5)) == 0


def test_the_positive_pulls_the_negative_pushes_and_a_met_margin_rests():
    labels, other_labels = torch.tensor([0]), torch.tensor([0, 1])

    def slopes(positive, negative, margin):
        others = torch.tensor([[positive], [negative]], requires_grad=True)
        batch_hard_loss(torch.zeros(1, 1), labels, others, other_labels, margin).backward()
        return others.grad[:, 0].tolist()

    assert slopes(2.0, 3.0, 1.5) == [1.0, -1.0]
    assert slopes(2.0, 3.0, 0.5) == [0.0, 0.0]


def test_gradients_are_those_of_finite_differences():
    anchors, labels, others, other_labels = _case(6)
    anchors.requires_grad_()
    others.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda a, b: batch_hard_loss(a, labels, b, other_labels, 1.0), (anchors, others)
    )


def test_a_negative_margin_is_refused():
    with pytest.raises(ValueError, match="margin is -1, expected 0 or more"):
        batch_hard_loss(*_case(0), -1)


@pytest.mark.parametrize("seed", range(3))
def test_the_distance_of_class_means_is_a_mean_over_classes_of_both(seed):
    left, left_labels, right, right_labels = _case(seed)
    left_labels[0], right_labels[0] = 7, 8  # of one side only
    squares = []
    for label in set(left_labels.tolist()) & set(right_labels.tolist()):
        gap = left[left_labels == label].mean(0) - right[right_labels == label].mean(0)
        squares.append(float(gap @ gap))
    expected = sum(squares) / len(squares)
    assert float(class_mean_loss(left, left_labels, right, right_labels)) == pytest.approx(expected)
    apart = class_mean_loss(left, torch.zeros_like(left_labels), right, torch.ones_like(right_labels))
    assert float(apart) == 0


def test_the_gradient_of_class_means_is_that_of_finite_differences():
    left, left_labels, right, right_labels = _case(7)
    left.requires_grad_()
    assert torch.autograd.gradcheck(lambda a: class_mean_loss(a, left_labels, right, right_labels), (left,))
