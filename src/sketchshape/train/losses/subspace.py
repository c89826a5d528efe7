"""Points and subspaces: a sketch is a point, the views of a shape span a subspace."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from sketchshape.train.losses.rows import check

LEAST = 1e-3  # part of a vector that must lie outside of the others: below it, its direction is chance


def span(vectors: Tensor) -> Tensor:
    """Give an orthonormal basis of the subspace that vectors span.

    Args:
        vectors: (..., K, D) floating point, K at most D.

    Returns:
        (..., K, D), orthonormal rows, the first along the first vector; zeros in place of a vector that lies
        in the span of those before it. float64 for float64 and else float32.

    Raises:
        ValueError: there are more vectors than dimensions.
    """
    if vectors.ndim < 2 or vectors.shape[-2] > vectors.shape[-1]:
        raise ValueError(f"vectors have shape {tuple(vectors.shape)}, expected (..., K, D), K at most D")
    rows = vectors.to(torch.float64 if vectors.dtype == torch.float64 else torch.float32)
    if torch.compiler.is_exporting():  # ONNX has no QR decomposition
        return _gram_schmidt(rows)
    with torch.autocast(vectors.device.type, enabled=False):
        q, r = torch.linalg.qr(rows.mT)
    outside = r.diagonal(dim1=-2, dim2=-1)  # of each vector, beside those before it
    signs = torch.where(outside < 0, -1.0, 1.0) * (outside.abs() > LEAST * rows.norm(dim=-1))
    basis: Tensor = (q * signs.to(rows.dtype)[..., None, :]).mT
    return basis


def _gram_schmidt(vectors: Tensor) -> Tensor:
    rows: list[Tensor] = []
    for vector in vectors.unbind(-2):
        row = vector
        for _ in range(2):  # the second time takes away what rounding left of the others
            for found in rows:
                row = row - (row * found).sum(-1, keepdim=True) * found
        there = row.norm(dim=-1, keepdim=True) > LEAST * vector.norm(dim=-1, keepdim=True)
        rows.append(functional.normalize(row, dim=-1) * there)
    return torch.stack(rows, -2)


def point_to_subspace(points: Tensor, bases: Tensor) -> Tensor:
    """Give the squared distance of each point to each subspace: |x|^2 - |Q x|^2. [DPSML].

    Args:
        points: (M, D) floating point.
        bases: (G, K, D), orthonormal rows.

    Returns:
        (M, G), 0 or more; for points of length 1 at most 1.

    Raises:
        ValueError: the shapes do not fit.
    """
    if points.ndim != 2 or bases.ndim != 3 or points.shape[1] != bases.shape[2]:
        raise ValueError(
            f"points {tuple(points.shape)} and bases {tuple(bases.shape)}, expected (M, D) and (G, K, D)"
        )
    with torch.autocast(points.device.type, enabled=False):
        inside = torch.einsum("md,gkd->mgk", points.to(bases.dtype), bases).square().sum(2)
        lengths = points.to(bases.dtype).square().sum(1, keepdim=True)
    return (lengths - inside).clamp(min=0)


def improved_center_loss(squares: Tensor, labels: Tensor, margin: float) -> Tensor:
    """Draw items to the center of their class, and hold them further from all others by a margin. [DPSML].

    mean of d_y + max(0, margin + d_y - min over j != y of d_j), d_j the squared distance to center j.

    Args:
        squares: (M, N) squared distances of items to centers, N at least 2.
        labels: (M,) int64, 0..N-1.
        margin: 0 or more.

    Returns:
        A scalar, the mean over the batch.

    Raises:
        ValueError: a shape, type, label or `margin` is wrong.
    """
    check(squares, labels, squares.new_empty(squares.shape[-1], squares.shape[-1]), "centers")
    if squares.shape[1] < 2 or not margin >= 0:
        raise ValueError(
            f"margin is {margin} for {squares.shape[1]} centers, expected 0 or more, and 2 or more"
        )
    own = squares.gather(1, labels[:, None])[:, 0]
    others = squares.scatter(1, labels[:, None], torch.inf).amin(1)
    return (own + (margin + own - others).clamp(min=0)).mean()
