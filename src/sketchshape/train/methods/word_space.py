"""Word space: a sketch and a shape are compared by the words that they are taken for.

The roles of [CGN] are swapped, as in its Table 3: sketches teach, shapes learn. The teacher tells apart all
words that there are drawings of, with shapes or without, and its classifier has a direction for each. The
student brings the views of a shape to the direction of its class. What is compared is not where an embedding
lies but how near it is to each word: a drawing that may be a chair or a throne finds both, and what is near
to no word has no say. A method of our own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from sketchshape.config import run as settings
from sketchshape.config.checks import within
from sketchshape.config.run import RunSettings
from sketchshape.files import digest
from sketchshape.train.cgn.lessons import teaching, wording
from sketchshape.train.cgn.teacher import Teacher
from sketchshape.train.data.items import Batch
from sketchshape.train.engine.method import Method
from sketchshape.train.engine.task import Task
from sketchshape.train.losses.am_softmax import am_softmax_loss
from sketchshape.train.methods import Compared
from sketchshape.train.methods._together import Together, seeds_of
from sketchshape.train.models.encoder import Encoder, ParameterGroup
from sketchshape.train.models.pair import new_pair
from sketchshape.train.models.retriever import Sizes
from sketchshape.train.models.views import some_views


@dataclass(frozen=True)
class Options:
    """How surely a sketch and a shape are taken for a word; how both learn is in [teacher] and [student].

    Args:
        sharpness: of a sketch; its cosine with a word, times this, is the logarithm of its nearness to it.
        shape_sharpness: the same for the views of a shape.
        scale: s of AM-softmax for shapes; that for sketches is of the teacher.
        margin: m of AM-softmax for shapes.
        heads: of sketches, each trained with a seed of its own; a sketch is as near to a word as they say in
            the mean. Shapes learn the directions of the first one.
    """

    sharpness: float = 10.0
    shape_sharpness: float = 5.0
    scale: float = 15.0
    margin: float = 0.2
    heads: int = 1


class Nearness(nn.Module):
    """How near items are to each word.

    Args:
        encoder: of sketches or shapes.
        words: how many there are.
        sharpness: of the exponential.
    """

    directions: Tensor

    def __init__(self, encoder: Encoder, words: int, sharpness: float) -> None:
        super().__init__()
        self.encoder, self.sharpness = encoder, sharpness
        self.register_buffer("directions", torch.zeros(words, encoder.head.width))

    def forward(self, inputs: Tensor) -> Tensor:
        """Give (B, words) float32 in 0..1, exp(sharpness (cosine - 1)), as for `Encoder.forward`."""
        cosines = self.encoder.embed(inputs) @ self.directions.T
        return torch.exp(self.sharpness * (cosines - 1))


class ShapeStudent(Method[Batch]):
    """AM-softmax [AMS] of shapes with the directions of words, which stay as they are.

    Args:
        encoder: of shapes.
        directions: (words, D) unit rows; a shape has the label of its class, the other words are wrong.
        stage: backbone_lr is used.
        options: scale and margin.
        views_min: each step sees at least so many views of a shape; 0 is all.
    """

    directions: Tensor

    def __init__(
        self,
        encoder: Encoder,
        directions: Tensor,
        stage: settings.StudentSettings,
        options: Options,
        views_min: int,
    ) -> None:
        super().__init__()
        self.encoder, self.stage, self.options, self.views_min = encoder, stage, options, views_min
        self.register_buffer("directions", directions)

    def groups(self) -> list[ParameterGroup]:
        """List the parameters of the encoder."""
        return self.encoder.groups(self.stage.backbone_lr)

    def loss(self, batch: Batch) -> Tensor:
        """Give the classification loss."""
        shapes = some_views(batch.inputs, self.views_min) if self.views_min else batch.inputs
        scale, margin = self.options.scale, self.options.margin
        return am_softmax_loss(self.encoder(shapes), batch.labels, self.directions, scale, margin)


class WordSpace(Compared):
    """The encoders of CGN with the words as their space."""

    further_words = positive = True
    options: Options
    sketches: Together
    shapes: Nearness

    def __init__(self, run: RunSettings, sizes: Sizes, options: Options, seed: int) -> None:
        super().__init__(run, sizes, options, seed)
        within("options.heads", options.heads, 1, 16)
        roles = replace(run, teacher=replace(run.teacher, modality="sketch"), words=settings.WordsSettings())
        words, cpu = sizes.words or sizes.classes, torch.device("cpu")
        pairs = [new_pair(roles, sizes, one, cpu) for one in seeds_of(seed, options.heads)]
        self.sketches = Together([Nearness(pair.sketches, words, options.sharpness) for pair in pairs])
        self.shapes = Nearness(pairs[0].shapes, words, options.shape_sharpness)

    def learn(self, task: Task) -> dict[str, float]:
        """Train the words of sketches, then the shapes towards the first of them."""
        seconds = [self._teach(task, number) for number in range(self.options.heads)]
        return {"words": sum(seconds), "shapes": self._guide(task)}

    def _teach(self, task: Task, number: int) -> float:
        """Train a head of sketches, and take the directions of its classifier."""
        network, stage = cast(Nearness, self.sketches.networks[number]), task.run.teacher
        options = replace(stage, classifier="learned", views_min=0)
        seed = seeds_of(task.seed, self.options.heads)[number]
        teacher = Teacher(network.encoder, len(network.directions), options, seed=seed).to(task.device)
        name = f"words-{number}" if number else "words"
        taught = replace(task, seed=seed).fit(teacher, wording(task.inputs, task.run), stage, name)
        network.directions.copy_(functional.normalize(teacher.classifier.weight.detach(), dim=1))
        return taught.seconds

    def _guide(self, task: Task) -> float:
        """Train the shapes towards the directions of the first head of sketches."""
        run, first = task.run, cast(Nearness, self.sketches.networks[0])
        directions = first.directions.clone()
        self.shapes.directions.copy_(directions)
        student = ShapeStudent(
            self.shapes.encoder, directions, run.student, self.options, run.teacher.views_min
        )
        shapes = teaching(task.inputs, replace(run, teacher=replace(run.teacher, modality="shape")))
        key = digest(vars(self.options), directions.cpu().numpy().tobytes())
        return task.fit(student.to(task.device), shapes, run.student, "shapes", key).seconds
