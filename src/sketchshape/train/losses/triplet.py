"""The triplet loss with the hardest items of a batch."""

from __future__ import annotations

import torch
from torch import Tensor

from sketchshape.train.losses.rows import check_items, distances


def batch_hard_loss(
    anchors: Tensor, anchor_labels: Tensor, others: Tensor, other_labels: Tensor, margin: float
) -> Tensor:
    """Hold the furthest item of the own class nearer than the nearest of another one. [BatchHard].

    max(0, margin + d(furthest of the own class) - d(nearest of another)), d the Euclidean distance, averaged
    over the anchors that have both.

    Args:
        anchors: (M, D) floating point.
        anchor_labels: (M,) int64.
        others: (N, D), those that anchors are compared with; the anchors again for one modality, where an
            item that is alone in its class has itself as the furthest.
        other_labels: (N,) int64.
        margin: 0 or more.

    Returns:
        A scalar; 0 if no anchor has both.

    Raises:
        ValueError: a shape, type or `margin` is wrong.
    """
    check_items(anchors, anchor_labels)
    check_items(others, other_labels, anchors.shape[1])
    if not margin >= 0:
        raise ValueError(f"margin is {margin}, expected 0 or more")
    lengths = distances(anchors, others)
    same = anchor_labels[:, None] == other_labels
    furthest = lengths.masked_fill(~same, 0).amax(1)  # an anchor itself has distance 0: never the furthest
    nearest = lengths.masked_fill(same, torch.inf).amin(1)
    both = same.any(1) & ~same.all(1)
    losses = (margin + furthest - nearest).clamp(min=0)
    return torch.where(both, losses, 0).sum() / both.sum().clamp(min=1)
