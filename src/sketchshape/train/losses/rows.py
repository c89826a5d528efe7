"""Cosines and distances between rows, and the checks of arguments that all losses share."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def cosines(rows: Tensor, others: Tensor) -> Tensor:
    """Give the cosine of each row with each other row, never in half precision.

    Args:
        rows: (M, D) floating point, any lengths.
        others: (N, D).

    Returns:
        (M, N), float64 for float64 and else float32.
    """
    kind = torch.float64 if rows.dtype == torch.float64 else torch.float32
    with torch.autocast(rows.device.type, enabled=False):  # it would compute the product in half precision
        left = functional.normalize(rows.to(kind), dim=1)
        return left @ functional.normalize(others.to(kind), dim=1).T


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


def check_items(items: Tensor, labels: Tensor, width: int | None = None, name: str = "items") -> None:
    """Check labelled rows.

    Args:
        items: (M, D) floating point, M at least 1.
        labels: (M,) int64.
        width: D, where another tensor has it.
        name: of `items`, for the message.

    Raises:
        ValueError: a shape or type is wrong.
    """
    if items.ndim != 2 or not items.is_floating_point() or len(items) == 0:
        raise ValueError(f"{name} are {_show(items)}, expected floating point (M, D), M at least 1")
    if width is not None and items.shape[1] != width:
        raise ValueError(f"{name} are {_show(items)}, expected (N, {width}) as the others")
    if labels.shape != items.shape[:1] or labels.dtype != torch.int64:
        raise ValueError(f"labels are {_show(labels)}, expected int64 ({len(items)},)")


def check(embeddings: Tensor, labels: Tensor, classes: Tensor, name: str) -> None:
    """Check the arguments of a loss between embeddings and one vector per class.

    Args:
        embeddings: (M, D).
        labels: (M,) integers 0..N-1.
        classes: (N, D).
        name: of `classes`, for the message.

    Raises:
        ValueError: a shape, type or label is wrong.
    """
    check_items(embeddings, labels, name="embeddings")
    if classes.ndim != 2 or classes.shape[1] != embeddings.shape[1]:
        raise ValueError(
            f"{name} are {_show(classes)}, expected (N, {embeddings.shape[1]}) as the embeddings"
        )
    if labels.device.type == "cpu":  # a GPU checks indices itself, and a look would wait for it
        low, high = int(labels.min()), int(labels.max())
        if low < 0 or high >= len(classes):
            wrong = low if low < 0 else high
            raise ValueError(f"labels have the value {wrong}, expected 0 to {len(classes) - 1}")


def _show(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"
