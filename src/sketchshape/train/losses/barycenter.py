"""The Wasserstein barycenter of histograms, differentiable."""

from __future__ import annotations

import math

import torch
from torch import Tensor

STEEPEST = 60.0  # exp(-60) is a number in float32, exp(-100) is none


def wasserstein_barycenter(
    logarithms: Tensor, cost: Tensor, blur: float = 0.05, iterations: int = 10
) -> Tensor:
    """Find the histogram with the smallest mean entropic transport cost to others. [IBP].

    Iterative Bregman projections: every plan is made to have its own histogram as one marginal, then all to
    share the other, which is the geometric mean of what they had. With a large `blur` a barycenter is wider
    than what it averages.

    Args:
        logarithms: (B, V, N) floating point, the logarithms of V histograms for each of B items, each with a
            sum of 1.
        cost: (N, N) of moving mass from one bin to another, 0 or more.
        blur: weight of the entropy, in units of `cost`.
        iterations: 1 or more.

    Returns:
        (B, N) logarithms of histograms with a sum of 1.

    Raises:
        ValueError: a shape is wrong, or `blur` or `iterations` is out of its range.
    """
    _check(logarithms, cost, blur, iterations)
    kind = torch.float64 if logarithms.dtype == torch.float64 else torch.float32
    with torch.autocast(logarithms.device.type, enabled=False):
        logs, kernel = logarithms.to(kind), torch.exp(-cost.to(kind) / blur)
        potentials = torch.zeros_like(logs)  # of the shared marginal
        for _ in range(iterations):
            own = logs - _spread(potentials, kernel.T)
            seen = _spread(own, kernel)
            mean = seen.mean(1, keepdim=True)
            potentials = mean - seen
        return mean[:, 0].log_softmax(1)


def line_cost(bins: int, reach: float = math.inf) -> Tensor:
    """Give the squared distance between points on a line, with the largest one brought to 1.

    Args:
        bins: number of points, at least 2, all at the same distance from the next.
        reach: distance, in points, from which on all are equally far. [EMDT].

    Returns:
        (bins, bins) float32.

    Raises:
        ValueError: `bins` or `reach` is out of its range.
    """
    if bins < 2 or not reach >= 1:
        raise ValueError(f"bins is {bins} and reach {reach}, expected at least 2 and at least 1")
    places = torch.arange(bins, dtype=torch.float32)
    farthest = min(reach, bins - 1)
    return ((places[:, None] - places).abs().clamp(max=farthest) / farthest).square()


def _spread(logarithms: Tensor, kernel: Tensor) -> Tensor:
    """Multiply by the kernel, from logarithms to logarithms: the largest factor is taken out and put back."""
    largest = logarithms.amax(-1, keepdim=True).detach()
    return (torch.exp(logarithms - largest) @ kernel.T).log() + largest


def _check(logarithms: Tensor, cost: Tensor, blur: float, iterations: int) -> None:
    if logarithms.ndim != 3 or not logarithms.is_floating_point() or 0 in logarithms.shape:
        raise ValueError(
            f"logarithms have shape {tuple(logarithms.shape)}, expected floating point (B, V, N)"
        )
    bins = logarithms.shape[2]
    if cost.shape != (bins, bins):
        raise ValueError(f"cost has shape {tuple(cost.shape)}, expected ({bins}, {bins})")
    if iterations < 1 or not blur > 0:
        raise ValueError(f"iterations is {iterations} and blur {blur}, expected 1 or more, and more than 0")
    if torch.compiler.is_exporting():  # values are not known then; they were looked at in training
        return
    largest = float(cost.detach().max())
    if largest / blur > STEEPEST * (1 + 1e-6):
        raise ValueError(
            f"blur is {blur} at a largest cost of {largest:g}, expected at least "
            f"{largest / STEEPEST:.3g}; a smaller one leaves the range of float32"
        )
