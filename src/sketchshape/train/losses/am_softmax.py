"""Additive-margin softmax, by which the teacher learns."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from sketchshape.train.losses.rows import check, cosines


def am_softmax_loss(
    embeddings: Tensor, labels: Tensor, weights: Tensor, scale: float = 15.0, margin: float = 0.35
) -> Tensor:
    """Cross-entropy of scaled cosines, the own class lowered by a margin. [AMS] eq. (6), [CGN] section 3.2.

    Args:
        embeddings: (M, D) floating point, any length of rows.
        labels: (M,) int64, 0..N-1.
        weights: (N, D), one direction per class, any length of rows.
        scale: s, more than 0.
        margin: m, 0..2.

    Returns:
        A scalar, the mean over the batch.

    Raises:
        ValueError: a shape, type, label, `scale` or `margin` is wrong.
    """
    check(embeddings, labels, weights, "weights")
    if not scale > 0 or not 0 <= margin <= 2:
        raise ValueError(f"scale is {scale} and margin {margin}, expected more than 0, and 0 to 2")
    scores = cosines(embeddings, weights)
    lowered = scores - margin * functional.one_hot(labels, len(weights)).to(scores.dtype)
    return functional.cross_entropy(scale * lowered, labels)


class AMSoftmax(nn.Module):
    """The loss with its classifier: a cosine layer without bias.

    Args:
        classes: number of classes.
        width: of the embedding.
        scale: s.
        margin: m.
        seed: of the first weights, directions that favour none.
        fixed: (classes, width) weights that stay as they are, such as the corners of a simplex.
    """

    weight: Tensor

    def __init__(
        self,
        classes: int,
        width: int,
        scale: float = 15.0,
        margin: float = 0.35,
        seed: int = 0,
        *,
        fixed: Tensor | None = None,
    ) -> None:
        super().__init__()
        if fixed is not None:
            self.register_buffer("weight", fixed)
        else:
            random = torch.Generator().manual_seed(seed)
            self.weight = nn.Parameter(torch.randn(classes, width, generator=random) / width**0.5)
        self.scale, self.margin = scale, margin

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """Give the loss of embeddings (M, width) with labels (M,)."""
        return am_softmax_loss(embeddings, labels, self.weight, self.scale, self.margin)

    def scores(self, embeddings: Tensor) -> Tensor:
        """Give the cosine (M, classes) of each embedding with each class."""
        return cosines(embeddings, self.weight)
