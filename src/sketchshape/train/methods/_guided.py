"""What the methods with CGN's teacher share: the trained pair, and options that change a run."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sketchshape.config.run import Run
from sketchshape.errors import ConfigError
from sketchshape.train.data.inputs import Inputs
from sketchshape.train.methods._base import Task
from sketchshape.train.models.pair import Pair
from sketchshape.types import F32


@dataclass(frozen=True)
class GuidedOptions:
    """How teacher and student are trained; what is None is as the run has it.

    Args:
        epochs: the student's passes over the training items.
        lr: learning rate of the student.
        weight_decay: of the student's SGD.
        dropout: probability 0..0.95 with which the student drops a feature.
        simplex: the teacher's classifier is a regular simplex that stays as it is, and its corners are the
            class centers.
        teacher_margin: m of the teacher's AM-softmax.
        lines: line drawings of the shapes, which the run asks for by views.lines, are training sketches too.
    """

    epochs: int | None = None
    lr: float | None = None
    weight_decay: float | None = None
    dropout: float | None = None
    simplex: bool = False
    teacher_margin: float | None = None
    lines: bool = False

    def applied(self, run: Run, **more: object) -> Run:
        """Put the options that are set, and more of the student's settings, into a run."""
        own = {name: getattr(self, name) for name in ("epochs", "lr", "weight_decay", "dropout")}
        wanted = {name: value for name, value in (own | more).items() if value is not None}
        teacher = run.teacher
        if self.simplex:
            teacher = replace(teacher, classifier="simplex", centers="classifier")
        if self.teacher_margin is not None:
            teacher = replace(teacher, margin=self.teacher_margin)
        return replace(run, student=replace(run.student, **wanted), teacher=teacher)

    def learned_from(self, task: Task) -> Inputs:
        """Leave out line drawings where they are not asked for, and the validation part.

        No time of training goes into figures along the way.

        Raises:
            ConfigError: line drawings are asked for, and the run has none.
        """
        inputs = task.inputs
        if self.lines and inputs.shapes.lines is None:
            raise ConfigError(
                "lines is true, and there are no line drawings: set views.lines of the run to 6"
            )
        shapes = inputs.shapes if self.lines else replace(inputs.shapes, lines=None)
        return replace(inputs, shapes=shapes, validation=inputs.validation.emptied())


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
