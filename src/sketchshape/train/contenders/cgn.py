"""CGN: a teacher makes class centers of the shapes, and a student is guided to them, as in [CGN].

Options turn the run into the variants of the paper and of its later journal version.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sketchshape.train.contenders._base import Task
from sketchshape.train.contenders._guided import Guided, StudentOptions, unwatched
from sketchshape.train.stages import train_pair


@dataclass(frozen=True)
class Options(StudentOptions):
    """What differs from the run; None leaves it as the run has it.

    Args:
        weight: lambda of [CGN] eq. (1).
        away: sum (the paper) or mean over the other centers.
        classification: weight of the student's own AM-softmax; the journal version takes 0.5.
        swapped: sketches teach and shapes learn, the ablation of [CGN] Table 3.
        simplex: the teacher's classifier is a regular simplex that stays as it is, and its corners are the
            class centers.
        margin: m of the teacher's AM-softmax.
    """

    weight: float | None = None
    away: str | None = None
    classification: float | None = None
    swapped: bool = False
    simplex: bool = False
    margin: float | None = None


def contend(task: Task, options: Options) -> Guided:
    """Train teacher and student as `sketchshape train` does."""
    run = options.applied(
        task.run, weight=options.weight, away=options.away, classification=options.classification
    )
    teacher = run.teacher
    if options.swapped:
        teacher = replace(teacher, modality="sketch")
    if options.simplex:
        teacher = replace(teacher, classifier="simplex", centers="classifier")
    if options.margin is not None:
        teacher = replace(teacher, margin=options.margin)
    run = replace(run, teacher=teacher)
    pair, trained = train_pair(unwatched(task), run, task.seed, task.folder, task.device, quiet=task.quiet)
    return Guided(pair, sum(trained.seconds.values()))
