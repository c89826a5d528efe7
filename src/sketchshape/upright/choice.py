"""From probabilities to the ways up that an index keeps of a shape."""

from __future__ import annotations

import numpy as np

from sketchshape.mesh import AXES
from sketchshape.types import F64

SURE = 0.7
"""The ways that are kept have at least this probability together, where so few are enough."""
MOST = 3
"""Ways that are kept of a shape at most: each costs as much as a shape of which the way up is known."""


def kept(log_probabilities: F64, sure: float = SURE) -> tuple[str, ...]:
    """Choose the ways up that are worth keeping: the fewest that are right with the probability `sure`.

    Args:
        log_probabilities: (6,) float64, in the order of AXES.
        sure: a probability.

    Returns:
        1 to MOST keys of AXES, the likeliest first; of equal ones that which AXES has first.

    Raises:
        ValueError: there are not six numbers, or they are no logarithms of probabilities.
    """
    chances = np.exp(np.asarray(log_probabilities, np.float64))
    if chances.shape != (len(AXES),) or not abs(chances.sum() - 1) < 1e-6:
        raise ValueError(
            f"log_probabilities are {log_probabilities}, expected six whose exponentials sum to 1"
        )
    order = np.argsort(-chances, kind="stable")
    enough = int(np.searchsorted(np.cumsum(chances[order]), sure)) + 1
    ways = tuple(AXES)
    return tuple(ways[way] for way in order[: min(enough, MOST)])
