"""What the methods with a teacher and a student share: the trained pair, and options that change a run."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sketchshape.settings import Run
from sketchshape.train.contenders._base import Task
from sketchshape.train.inputs import Inputs, Part
from sketchshape.train.pair import Pair
from sketchshape.types import F32


@dataclass(frozen=True)
class StudentOptions:
    """How the student is optimised; what is None is as the run has it in its section `student`.

    Args:
        epochs: passes over the training items.
        lr: learning rate.
        weight_decay: of SGD.
        dropout: probability 0..0.95 with which a feature is dropped.
    """

    epochs: int | None = None
    lr: float | None = None
    weight_decay: float | None = None
    dropout: float | None = None

    def applied(self, run: Run, **more: object) -> Run:
        """Put the options that are set, and more of the student's settings, into a run."""
        own = {name: getattr(self, name) for name in ("epochs", "lr", "weight_decay", "dropout")}
        wanted = {name: value for name, value in (own | more).items() if value is not None}
        return replace(run, student=replace(run.student, **wanted))


@dataclass(eq=False)
class Guided:
    """A pair of encoders compared by their cosine.

    Args:
        pair: of teacher and student.
        seconds: spent in training both.
    """

    pair: Pair
    seconds: float

    def similarity(self, sketches: F32, shapes: F32) -> F32:
        """Compare sketches (Q, looks, dim) with shapes (G, views, dim): (Q, G) float32."""
        cosines: F32 = self.pair.embed_sketches(sketches) @ self.pair.embed_shapes(shapes).T
        return cosines


def unwatched(task: Task) -> Inputs:
    """Leave out the validation part, so that no time of training goes into figures along the way."""
    part = task.inputs.validation
    return replace(task.inputs, validation=Part((), part.labels[:0], part.data[:0]))
