"""CGN: a teacher makes class centers of the shapes, and a student is guided to them, as in [CGN].

Options turn the run into the variants of the paper and of its later journal version.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sketchshape.train.cgn.stages import train_pair
from sketchshape.train.methods._base import Task
from sketchshape.train.methods._guided import Guided, GuidedOptions


@dataclass(frozen=True)
class Options(GuidedOptions):
    """What differs from the run; None leaves it as the run has it.

    Args:
        weight: lambda of [CGN] eq. (1).
        away: sum (the paper) or mean over the other centers.
        classification: weight of the student's own AM-softmax; the journal version takes 0.5.
        swapped: sketches teach and shapes learn, the ablation of [CGN] Table 3.
    """

    weight: float | None = None
    away: str | None = None
    classification: float | None = None
    swapped: bool = False


def contend(task: Task, options: Options) -> Guided:
    """Train teacher and student as `sketchshape train` does."""
    run = options.applied(
        task.run, weight=options.weight, away=options.away, classification=options.classification
    )
    if options.swapped:
        run = replace(run, teacher=replace(run.teacher, modality="sketch"))
    pair, trained = train_pair(
        options.learned_from(task), run, task.seed, task.folder, task.device, quiet=task.quiet
    )
    return Guided(pair, sum(trained.seconds.values()))
