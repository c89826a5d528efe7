"""Distances between rows, and the checks of arguments of the losses that use them."""

from __future__ import annotations

import torch
from torch import Tensor


def distances(rows: Tensor, others: Tensor, norm: float = 2.0) -> Tensor:
    """Give the distance of each row to each other row, never in half precision.

    Args:
        rows: (M, D) floating point.
        others: (N, D).
        norm: 2 for Euclidean, 1 for the sum of absolute differences.

    Returns:
        (M, N), float64 for float64 and else float32; the gradient of a distance of 0 is 0.
    """
    kind = torch.float64 if rows.dtype == torch.float64 else torch.float32
    with torch.autocast(rows.device.type, enabled=False):
        # The faster way, by products, loses the digits of small distances.
        exact = "donot_use_mm_for_euclid_dist"
        return torch.cdist(rows.to(kind), others.to(kind), norm, compute_mode=exact)


def check_items(items: Tensor, labels: Tensor, width: int | None = None) -> None:
    """Check labelled rows.

    Args:
        items: (M, D) floating point, M at least 1.
        labels: (M,) int64.
        width: D, where another tensor has it.

    Raises:
        ValueError: a shape or type is wrong.
    """
    if items.ndim != 2 or not items.is_floating_point() or len(items) == 0:
        raise ValueError(f"items are {_show(items)}, expected floating point (M, D), M at least 1")
    if width is not None and items.shape[1] != width:
        raise ValueError(f"items are {_show(items)}, expected (N, {width}) as the others")
    if labels.shape != items.shape[:1] or labels.dtype != torch.int64:
        raise ValueError(f"labels are {_show(labels)}, expected int64 ({len(items)},)")


def _show(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"
