"""How far apart the means of a class are in two modalities."""

from __future__ import annotations

from torch import Tensor

from sketchshape.train.losses.rows import check_items


def class_mean_loss(left: Tensor, left_labels: Tensor, right: Tensor, right_labels: Tensor) -> Tensor:
    """Average, over the classes that both have, the squared distance of the two means of a class. [DCA].

    Args:
        left: (M, D) floating point.
        left_labels: (M,) int64.
        right: (N, D).
        right_labels: (N,) int64.

    Returns:
        A scalar; 0 if no class is in both.

    Raises:
        ValueError: a shape or type is wrong.
    """
    check_items(left, left_labels)
    check_items(right, right_labels, left.shape[1])
    own = left_labels[:, None] == left_labels
    other = left_labels[:, None] == right_labels
    squares = (_mean(own, left) - _mean(other, right)).square().sum(1)  # of the class of each item
    weights = other.any(1) / own.sum(1)  # a class has weight 1 in all, or 0 if it is missing on the right
    return (weights * squares).sum() / weights.sum().clamp(min=1)


def _mean(member: Tensor, items: Tensor) -> Tensor:
    return member.to(items.dtype) @ items / member.sum(1, keepdim=True).clamp(min=1)
