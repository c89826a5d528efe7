"""Cosines between rows, and the checks of arguments that all losses share."""

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
    if embeddings.ndim != 2 or not embeddings.is_floating_point() or len(embeddings) == 0:
        raise ValueError(f"embeddings are {_show(embeddings)}, expected floating point (M, D), M at least 1")
    if classes.ndim != 2 or classes.shape[1] != embeddings.shape[1]:
        raise ValueError(
            f"{name} are {_show(classes)}, expected (N, {embeddings.shape[1]}) as the embeddings"
        )
    if labels.shape != embeddings.shape[:1] or labels.dtype != torch.int64:
        raise ValueError(f"labels are {_show(labels)}, expected int64 ({len(embeddings)},)")
    if (
        labels.device.type == "cpu"
    ):  # elsewhere the look would wait for the device, which checks indices itself
        low, high = int(labels.min()), int(labels.max())
        if low < 0 or high >= len(classes):
            wrong = low if low < 0 else high
            raise ValueError(f"labels have the value {wrong}, expected 0 to {len(classes) - 1}")


def _show(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"
