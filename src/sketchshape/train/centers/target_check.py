"""Where the guidance loss is smallest for each class: a look before the student starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from sketchshape.config.run import StudentSettings
from sketchshape.metrics.rows import unit
from sketchshape.say import shown
from sketchshape.train.losses.guidance import check_push
from sketchshape.types import F64

GOOD = 0.5  # cosine of a target to its center; 171 random directions with lambda 0.1 reach 0.61


@dataclass(frozen=True, eq=False)
class TargetCheck:
    """Where the guidance loss is smallest, for each class.

    Args:
        cosine: (N,) cosine of that point to the center of its class.
        nearest: (N,) whether no other center is nearer.
        center: (N,) index of the nearest center.
    """

    cosine: F64
    nearest: NDArray[np.bool_]
    center: NDArray[np.int64]

    def warning(self, classes: Sequence[str]) -> str | None:
        """Say which classes would be trained to a wrong place, and what to do; None when all are right."""
        wrong = np.flatnonzero(~self.nearest | (self.cosine < GOOD))
        if not len(wrong):
            return None
        shown = ", ".join(self._describe(y, classes) for y in wrong[:3])
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        return (
            f"the guidance loss leads {len(wrong)} of {len(classes)} classes away from their centers: "
            f"{shown}{more}; lower student.weight, or set student.away=mean"
        )

    def _describe(self, label: int, classes: Sequence[str]) -> str:
        other = "" if self.nearest[label] else f", nearer to {classes[self.center[label]]}"
        return f"{classes[label]} (cosine {self.cosine[label]:.2f}{other})"


def target_check(centers: NDArray[Any], weight: float = 0.1, away: str = "sum") -> TargetCheck:
    """Find the unit vector with the smallest guidance loss for each class, in closed form.

    The loss is linear in a unit vector f, so the best f for class y has the direction of
    c_y - weight * (sum of the other unit centers), which with `mean` is divided by their number. As in the
    loss, the length of a center does not matter.

    Args:
        centers: (N, D), N at least 2, any length of rows.
        weight: lambda of [CGN] eq. (1), 0 or more.
        away: sum or mean, as in the loss.

    Returns:
        How far each target is from its own center, and whether another one is nearer.

    Raises:
        ValueError: `weight` or `away` is out of its range, or there are less than 2 centers.
    """
    check_push(len(centers), weight, away)
    rows = unit(np.asarray(centers, np.float64))  # [CGN] eq. (2) and (3) divide by the lengths
    push = weight / (len(rows) - 1) if away == "mean" else weight
    targets = unit((1 + push) * rows - push * rows.sum(0))
    table = targets @ rows.T
    center = table.argmax(1)
    own = np.arange(len(rows))
    return TargetCheck(table[own, own], table[own, own] >= table.max(1), center)


def report_targets(
    centers: NDArray[Any], classes: Sequence[str], options: StudentSettings, *, quiet: bool
) -> dict[str, Any]:
    """Print where the student will be led before it starts, with a warning when that is wrong.

    Args:
        centers: (N, D).
        classes: their names.
        options: weight and away are used.
        quiet: print nothing.

    Returns:
        The figures, for the record of the run.
    """
    check = target_check(centers, options.weight, options.away)
    right, least = int(check.nearest.sum()), float(check.cosine.min())
    if not quiet:
        console = Console(stderr=True)
        console.print(
            f"target check: cos(t, c) mean {check.cosine.mean():.3f}, least {least:.3f}; "
            f"{right} of {len(classes)} targets are nearest to their own center"
        )
        if warning := check.warning(classes):
            console.print(f"[yellow]warning:[/] {shown(warning)}", highlight=False)
    mean = float(check.cosine.mean())
    return {"cosine_mean": mean, "cosine_least": least, "nearest": right, "classes": len(classes)}
