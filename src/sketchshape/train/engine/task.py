"""One training: what is learned from, how, and where its traces go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch

from sketchshape.config.run import RunSettings, StageSettings
from sketchshape.datasets.parts import Inputs
from sketchshape.files import digest
from sketchshape.train.data.items import Data
from sketchshape.train.engine.fit import FitResult, Validate, fit
from sketchshape.train.engine.method import Method
from sketchshape.train.models.retriever import Sizes

B = TypeVar("B")  # a batch


@dataclass(frozen=True, eq=False)
class Task:
    """What is to be trained with one seed.

    Args:
        inputs: all parts of a data set; the test part is not looked at.
        run: the settings.
        seed: of weights, batches and augmentation, 0 or more.
        key: hash of the settings and the data.
        folder: of checkpoints, logs and results; an interrupted training goes on from there.
        device: where to compute.
        teachers: folder in which trained teachers are kept for other tasks; None keeps none.
        quiet: print nothing.
    """

    inputs: Inputs
    run: RunSettings
    seed: int
    key: str
    folder: Path
    device: torch.device
    teachers: Path | None = None
    quiet: bool = False

    @property
    def sizes(self) -> Sizes:
        """What the networks have to fit."""
        inputs = self.inputs
        further = 0 if inputs.words is None else int(inputs.words.labels.max()) + 1
        classes = len(inputs.classes)
        words = classes + further if further else 0
        return Sizes(inputs.train.data.shape[-1], inputs.shapes.data.shape[-1], classes, words)

    def fit(
        self,
        method: Method[B],
        data: Data[B],
        stage: StageSettings,
        name: str,
        key: str = "",
        validate: Validate | None = None,
    ) -> FitResult:
        """Train on the device of the task, or go on where an earlier call was stopped.

        Args:
            method: moved to the device already; it ends in evaluation mode.
            data: what it is trained on.
            stage: how it is optimised, with all other options of the method.
            name: of the stage, for its checkpoint and its log.
            key: hash of what else the result depends on, such as the stage before.
            validate: called after each epoch.

        Returns:
            The log, and the seconds that it took, interrupted parts included.
        """
        result = fit(
            method,
            data,
            stage,
            seed=self.seed,
            device=self.device,
            precision=self.run.train.precision,
            folder=self.folder,
            name=name,
            key=digest(self.key, key),
            validate=validate,
            quiet=self.quiet,
        )
        method.eval()
        return result
