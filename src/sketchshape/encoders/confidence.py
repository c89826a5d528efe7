"""From the score of the best shape to the probability that the library has what was drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sketchshape.types import F32

LEAST = 1e-6  # of an entry whose logarithm is taken
UNSURE = 0.5  # below it the library more likely than not has nothing of the kind


@dataclass(frozen=True)
class Confidence:
    """A logistic curve over the likeness of the best shape, and one over the drawing itself.

    The first was fitted on held-out drawings, each once with and once without the shapes of its class in the
    library, so it takes both for equally likely beforehand. The second tells drawings of things from
    scribbles, words and the like, which are alike to some shape by chance.

    Args:
        slope: how steep the first is; more than 0.
        middle: the likeness, -1..1, at which both are equally likely.
        weights: of the embedding of a drawing, in the second; none where that was not learned.
        bias: what is added to the weighted sum.
        logarithm: whether it is the logarithms of the entries, to base 10, that are weighted: of an embedding
            whose entries are exponentials, as the nearness to words is.
    """

    slope: float
    middle: float
    weights: Sequence[float] = field(default=(), repr=False)
    bias: float = 0.0
    logarithm: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", tuple(self.weights))

    def of(self, likeness: float, sketch: F32 | None = None) -> float:
        """Give the probability 0..1 that a shape of what was drawn is there.

        Args:
            likeness: of the drawing with the best shape, -1..1.
            sketch: (D,) float32, the embedding of the drawing; None takes it for one of a thing.
        """
        found = _logistic(self.slope * (likeness - self.middle))
        return found if sketch is None else min(found, self.is_thing(sketch))

    def is_thing(self, sketch: F32) -> float:
        """Give the probability 0..1 that a drawing, whose embedding is (D,) float32, shows a thing."""
        if not len(self.weights):
            return 1.0
        rows = logarithms(sketch) if self.logarithm else sketch
        return _logistic(float(rows @ np.asarray(self.weights, np.float32)) + self.bias)


def logarithms(rows: F32) -> F32:
    """Give the logarithms to base 10 of (..., D) float32, at least those of `LEAST`."""
    found: F32 = np.log10(np.maximum(rows, np.float32(LEAST)))
    return found


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-max(-700.0, value)))
