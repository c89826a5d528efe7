"""The corners of a regular simplex: class centers of which no two are nearer than any other two."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from sketchshape.errors import ConfigError


def regular_simplex(corners: int, width: int, random: torch.Generator | None = None) -> Tensor:
    """Place directions as far from each other as so many can be: each pair has the cosine -1 / (N - 1).

    Args:
        corners: N, 2..width + 1.
        width: number of dimensions.
        random: decides how the simplex is turned.

    Returns:
        (N, width) float32, unit rows whose sum is zero.

    Raises:
        ConfigError: there are fewer than 2 corners, or more than so many dimensions have.
    """
    if not 2 <= corners <= width + 1:
        raise ConfigError(
            f"{corners} classes, expected 2 to {width + 1} for a simplex in {width} dimensions; "
            "raise head.width, or set teacher.classifier=learned"
        )
    centred = torch.eye(corners, dtype=torch.float64) - 1 / corners
    around, _, _ = torch.linalg.svd(centred)  # the last direction is that of the sum, which is zero
    flat = functional.normalize(centred @ around[:, : corners - 1], dim=1)
    turn, _ = torch.linalg.qr(torch.randn(width, corners - 1, generator=random, dtype=torch.float64))
    found: Tensor = (flat @ turn.T).float()
    return found
