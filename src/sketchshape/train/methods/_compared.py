"""What a method is: a class in a file, with networks for both modalities and a way to train them.

Beside it the file has `Options`, a frozen dataclass with the settings of the method and their defaults.

Most methods train both networks together on pairs of sketches and shapes: a subclass of `Joint` with a loss.
Others go step by step: a subclass of `Compared` with `learn`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from torch import nn

from sketchshape.config.run import RunSettings
from sketchshape.train.data.pairs import PairBatch, Pairs
from sketchshape.train.engine.method import Method
from sketchshape.train.engine.task import Task
from sketchshape.train.models.retriever import Sizes


class Compared(nn.Module, ABC):
    """A method. A subclass makes `sketches` and `shapes` when it is made, in an order that stays.

    Args:
        run: settings that hold for all methods.
        sizes: of the features, and how many classes there are.
        options: of the method, an instance of `Options` of its file.
        seed: of weights that are not drawn from torch's global generator.
    """

    likeness: ClassVar[str] = "cosine"  # of an embedded sketch and shape, see `sketchshape.encoders`
    further_words: ClassVar[bool] = False  # whether it learns from sketches of what has no shapes
    positive: ClassVar[bool] = False  # whether embeddings have no negative entries
    sketches: nn.Module
    """(B, dim) features -> (B, D)."""
    shapes: nn.Module
    """(B, views, dim) features -> (B, ...), as `likeness` compares them."""

    def __init__(self, run: RunSettings, sizes: Sizes, options: Any, seed: int) -> None:
        super().__init__()
        self.run, self.sizes, self.options, self.seed = run, sizes, options, seed

    def start(self, task: Task) -> None:
        """Do what the data decides before anything is learned; nothing by default."""

    @classmethod
    def way(cls, options: Any) -> str:
        """Give the likeness, where the options decide it."""
        return cls.likeness

    @abstractmethod
    def learn(self, task: Task) -> dict[str, float]:
        """Train both networks, and give the seconds of each step."""


class Joint(Compared, Method[PairBatch]):
    """A method whose networks are trained together; a subclass gives `loss`.

    A batch has random sketches, and half as many shapes; or, where the options say how many `per_class`, so
    many sketches and as many shapes of each of some classes, for losses of pairs of one class.
    """

    def learn(self, task: Task) -> dict[str, float]:
        """Train both networks, and give the seconds."""
        name, count = self.run.method, getattr(self.options, "per_class", 0)
        per_class = (count, count) if count else None
        pairs = Pairs(task.inputs.train, task.inputs.shapes, per_class=per_class)
        return {name: task.fit(self, pairs, self.options, name).seconds}
