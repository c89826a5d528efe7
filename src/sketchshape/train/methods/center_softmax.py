"""Center softmax: the teacher of CGN, and a student that is classified by its fixed centers.

Where CGN pulls to one center and pushes equally from all others, the cross-entropy pushes from those that
are near. A method of our own, for comparison.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from torch import Tensor

from sketchshape.config import run as settings
from sketchshape.files import digest
from sketchshape.train.cgn.stages import train_pair
from sketchshape.train.cgn.student import Student
from sketchshape.train.data.items import Batch
from sketchshape.train.losses import am_softmax_loss
from sketchshape.train.methods._base import Task
from sketchshape.train.methods._guided import Guided, GuidedOptions
from sketchshape.train.models.encoder import Encoder


@dataclass(frozen=True)
class Options(GuidedOptions):
    """How sharp the classification is.

    Args:
        scale: s of AM-softmax.
        margin: m of AM-softmax.
    """

    scale: float = 15.0
    margin: float = 0.2


class SoftmaxStudent(Student):
    """AM-softmax [AMS] with the class centers as weights that stay as they are.

    Args:
        encoder: of the learning modality.
        centers: (N, D) of the teacher.
        options: trunk_lr is used.
        seed: not used, since nothing is drawn.
        scale: s of AM-softmax.
        margin: m of AM-softmax.
    """

    def __init__(
        self,
        encoder: Encoder,
        centers: Tensor,
        options: settings.Student,
        *,
        seed: int = 0,
        scale: float = 15.0,
        margin: float = 0.2,
    ) -> None:
        super().__init__(encoder, centers, options, seed=seed)
        self.scale, self.margin = scale, margin

    def updates(self, batch: Batch) -> Iterator[tuple[str, Tensor]]:
        """Yield the classification loss."""
        embeddings = self.encoder(batch.inputs)
        yield "student", am_softmax_loss(embeddings, batch.labels, self.centers, self.scale, self.margin)


def contend(task: Task, options: Options) -> Guided:
    """Train the teacher as CGN does, then this student."""
    run = options.applied(task.run, weight=0.0, classification=0.0)  # its target is the center itself
    pair, trained = train_pair(
        options.learned_from(task),
        run,
        task.seed,
        task.folder,
        task.device,
        quiet=task.quiet,
        student=partial(SoftmaxStudent, scale=options.scale, margin=options.margin),
        student_key=digest(task.name, options.scale, options.margin),
    )
    return Guided(pair, sum(trained.seconds.values()))
