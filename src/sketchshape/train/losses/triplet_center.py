"""The triplet-center loss: nearer to the own class center than to any other, by a margin."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sketchshape.train.losses.rows import check, cosines, distances

MEASURES = ("euclidean", "cosine")


def triplet_center_loss(
    embeddings: Tensor, labels: Tensor, centers: Tensor, margin: float, measure: str = "euclidean"
) -> Tensor:
    """Hold each embedding nearer to its own center than to the nearest of the others. [TCL].

    max(0, margin + d(f, own center) - min over the others of d(f, center)), averaged over the batch.

    Args:
        embeddings: (M, D) floating point.
        labels: (M,) int64, 0..N-1.
        centers: (N, D), N at least 2.
        margin: 0 or more, in the unit of the distance.
        measure: euclidean (a length, not its square), or cosine for 1 - cosine.

    Returns:
        A scalar, differentiable in `embeddings` and in `centers`.

    Raises:
        ValueError: a shape, type, label, `margin` or `measure` is wrong, or there is one center only.
    """
    check(embeddings, labels, centers, "centers")
    if measure not in MEASURES:
        raise ValueError(f"measure is {measure!r}, expected one of: {', '.join(MEASURES)}")
    if not margin >= 0:
        raise ValueError(f"margin is {margin}, expected 0 or more")
    if len(centers) < 2:
        raise ValueError(f"there is {len(centers)} center, expected at least 2 classes")
    table = 1 - cosines(embeddings, centers) if measure == "cosine" else distances(embeddings, centers)
    own = table.gather(1, labels[:, None])[:, 0]
    nearest = table.scatter(1, labels[:, None], torch.inf).amin(1)
    return (margin + own - nearest).clamp(min=0).mean()


class TripletCenter(nn.Module):
    """The loss with its centers, which are learned too.

    Args:
        classes: number of classes.
        width: of the embedding.
        margin: in the unit of the distance.
        measure: euclidean or cosine.
        seed: of the first centers, which are drawn from a normal distribution.
    """

    def __init__(
        self, classes: int, width: int, margin: float, measure: str = "euclidean", seed: int = 0
    ) -> None:
        super().__init__()
        random = torch.Generator().manual_seed(seed)
        self.centers = nn.Parameter(torch.randn(classes, width, generator=random))
        self.margin, self.measure = margin, measure

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """Give the loss of embeddings (M, width) with labels (M,)."""
        return triplet_center_loss(embeddings, labels, self.centers, self.margin, self.measure)
