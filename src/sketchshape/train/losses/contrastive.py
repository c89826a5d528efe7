"""Contrastive losses: pairs of one class are drawn together, pairs of two classes are held apart."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from sketchshape.train.losses.rows import check_items, distances


class PairLoss(Protocol):
    """A loss of pairs."""

    def __call__(self, lengths: Tensor, same: Tensor) -> Tensor:
        """Give the loss (K,) of pairs at distances (K,); `same` (K,) bool tells which are of one class."""
        ...


class Contrastive:
    """s d^2 + (1 - s) max(0, m - d^2) of a distance d, with s = 1 for a pair of one class. [DCML], [LWBR].

    Args:
        margin: m, more than 0, in units of d^2.

    Raises:
        ValueError: `margin` is not more than 0.
    """

    def __init__(self, margin: float) -> None:
        if not margin > 0:
            raise ValueError(f"margin is {margin}, expected more than 0")
        self.margin = margin

    def __call__(self, lengths: Tensor, same: Tensor) -> Tensor:
        """Give the loss of each pair; arguments as for `PairLoss`."""
        squares = lengths.square()
        return torch.where(same, squares, (self.margin - squares).clamp(min=0))


class Exponential:
    """a d^2 for a pair of one class, b exp(-c d) for a pair of two. [Siamese].

    Args:
        near: a, 0 or more.
        far: b, 0 or more.
        rate: c, more than 0.
    """

    def __init__(self, near: float = 0.2, far: float = 10.0, rate: float = 0.277) -> None:
        if not (near >= 0 and far >= 0 and rate > 0):
            raise ValueError(
                f"near is {near}, far {far} and rate {rate}, expected 0 or more, 0 or more, and more than 0"
            )
        self.near, self.far, self.rate = near, far, rate

    def __call__(self, lengths: Tensor, same: Tensor) -> Tensor:
        """Give the loss of each pair; arguments as for `PairLoss`."""
        return torch.where(same, self.near * lengths.square(), self.far * torch.exp(-self.rate * lengths))


def within_loss(items: Tensor, labels: Tensor, loss: PairLoss, norm: float = 2.0) -> Tensor:
    """Average a loss over the pairs of items of one modality, both kinds of pair with the same weight.

    The publications draw pairs, about half of them of one class. Here all pairs of a batch are looked at, and
    each kind has weight 1/2. A pair of two classes whose loss is zero is not counted: among the thousands
    that are far apart already, the few that are not would weigh nothing against the pull of the other kind,
    and classes that fall together once would stay so.

    Args:
        items: (M, D) floating point.
        labels: (M,) int64.
        loss: of a pair.
        norm: of the distance: 2 Euclidean, 1 sum of absolute differences.

    Returns:
        A scalar; a kind of which no pair is counted is zero.

    Raises:
        ValueError: a shape or type is wrong.
    """
    check_items(items, labels)
    rows, columns = torch.triu_indices(len(items), len(items), 1, device=items.device)
    lengths = distances(items, items, norm)[rows, columns]
    return _balanced(lengths, labels[rows] == labels[columns], loss)


def across_loss(
    left: Tensor, left_labels: Tensor, right: Tensor, right_labels: Tensor, loss: PairLoss, norm: float = 2.0
) -> Tensor:
    """Average a loss over the pairs of an item of one modality with one of the other, as `within_loss` does.

    Args:
        left: (M, D) floating point.
        left_labels: (M,) int64.
        right: (N, D).
        right_labels: (N,) int64.
        loss: of a pair.
        norm: of the distance.

    Returns:
        A scalar.

    Raises:
        ValueError: a shape or type is wrong.
    """
    check_items(left, left_labels)
    check_items(right, right_labels, left.shape[1])
    same = left_labels[:, None] == right_labels
    return _balanced(distances(left, right, norm).flatten(), same.flatten(), loss)


def four_term_loss(
    sketches: Tensor, sketch_labels: Tensor, shapes: Tensor, shape_labels: Tensor, margin: float
) -> Tensor:
    """Sum l(sk1, sk2) + l(sh1, sh2) + l(sk1, sh1) + l(sk2, sh2) over pairs of a batch. [DCML] [LWBR].

    The last two are the same mean over pairs of a sketch and a shape, which so counts twice.

    Args:
        sketches: (M, D) floating point.
        sketch_labels: (M,) int64.
        shapes: (N, D).
        shape_labels: (N,) int64.
        margin: of the contrastive loss, more than 0, in units of the squared Euclidean distance.

    Returns:
        A scalar.

    Raises:
        ValueError: a shape, type or `margin` is wrong.
    """
    loss = Contrastive(margin)
    across = across_loss(sketches, sketch_labels, shapes, shape_labels, loss)
    return within_loss(sketches, sketch_labels, loss) + within_loss(shapes, shape_labels, loss) + 2 * across


def _balanced(lengths: Tensor, same: Tensor, loss: PairLoss) -> Tensor:
    values = loss(lengths, same)
    counted = same, ~same & (values > 0)
    shares = [(values * kind).sum() / kind.sum().clamp(min=1) for kind in counted]
    return (shares[0] + shares[1]) / 2
