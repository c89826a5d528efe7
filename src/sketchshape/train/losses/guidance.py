"""The guidance loss, by which the student learns."""

from __future__ import annotations

from torch import Tensor

from sketchshape.train.losses.rows import check, cosines

AWAY = ("sum", "mean")


def guidance_loss(
    embeddings: Tensor, labels: Tensor, centers: Tensor, weight: float = 0.1, away: str = "sum"
) -> Tensor:
    """Pull embeddings to the center of their class and push them from the others. [CGN] eq. (1) to (3).

    L = L_c - weight * L_a, where L_c is the distance to the own center and L_a the sum of the distances to
    all others, both averaged over the batch. The paper calls its cosines distances; here d = 1 - cosine,
    since with the cosine itself the loss would lead away from the own center. Both equations divide by the
    lengths of f and c, so a center counts by its direction only, and so does an embedding.

    Args:
        embeddings: (M, D) floating point, any length of rows.
        labels: (M,) int64, 0..N-1.
        centers: (N, D), N at least 2, any length of rows.
        weight: lambda, 0 or more.
        away: sum (eq. (3)) or mean (ours) of the distances to the other centers.

    Returns:
        A scalar, differentiable in `embeddings`.

    Raises:
        ValueError: a shape, type, label, `weight` or `away` is wrong.
    """
    check(embeddings, labels, centers, "centers")
    check_push(len(centers), weight, away)
    distances = 1 - cosines(embeddings, centers)
    own = distances.gather(1, labels[:, None])[:, 0]
    others = distances.sum(1) - own
    if away == "mean":
        others = others / (len(centers) - 1)
    return (own - weight * others).mean()


def check_push(classes: int, weight: float, away: str) -> None:
    """Check what the loss needs to push from other centers.

    Args:
        classes: number of centers.
        weight: lambda.
        away: how the distances to the others are joined.

    Raises:
        ValueError: there is one class only, or `weight` or `away` is out of its range.
    """
    if away not in AWAY:
        raise ValueError(f"away is {away!r}, expected one of: {', '.join(AWAY)}")
    if not weight >= 0:
        raise ValueError(f"weight is {weight}, expected 0 or more")
    if classes < 2:
        raise ValueError(f"there is {classes} center, expected at least 2 classes")
