"""From the score of the best shape to the probability that the library has what was drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass

UNSURE = 0.5  # below it the library more likely than not has nothing of the kind


@dataclass(frozen=True)
class Confidence:
    """A logistic curve over the likeness of the best shape.

    It was fitted on held-out drawings, each once with and once without the shapes of its class in the
    library, so it takes both for equally likely beforehand.

    Args:
        slope: how steep it is; more than 0.
        middle: the likeness, -1..1, at which both are equally likely.
    """

    slope: float
    middle: float

    def of(self, likeness: float) -> float:
        """Give the probability 0..1 that a shape of what was drawn is there.

        Args:
            likeness: of the drawing with the best shape, -1..1.
        """
        return 1 / (1 + math.exp(-self.slope * (likeness - self.middle)))
