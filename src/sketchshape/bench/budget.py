"""What a search may spend on each method, and what it spent on a row."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """How a search is done, the same for all methods.

    Args:
        budget: settings that are tried of each method, its own first.
        seconds: of training that each method has: once they are used up, no further setting of it is begun;
            0 is no limit.
        seed: of the draws; trainings have seed 0.
        validation: fraction of the training sketches that the settings are compared on.
    """

    budget: int = 8
    seconds: float = 0.0
    seed: int = 0
    validation: float = 0.2


@dataclass(frozen=True)
class Searched:
    """What a search had for a row; all zero where its settings were not searched.

    Args:
        settings: how many were tried, those that failed too.
        seconds: of training, all of them together.
        validation: mAP 0..1 of the best on the validation sketches.
    """

    settings: int = 0
    seconds: float = 0.0
    validation: float = 0.0
