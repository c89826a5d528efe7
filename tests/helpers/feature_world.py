"""Made features of sketches and shapes: the same classes seen through two different random maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from sketchshape.config import run as settings
from sketchshape.datasets import ShapeItem, SketchItem
from sketchshape.datasets.parts import Inputs, Part
from sketchshape.files import digest
from sketchshape.runs.identity import identity
from sketchshape.train.engine.task import Task

CLASSES, DIM = 12, 32  # the width of the backbone `tiny`
RUN = settings.RunSettings(
    backbone=settings.BackboneSettings(name="tiny", weights="none", size=32),
    head=settings.HeadSettings(hidden=48, width=24, standardise=True),
    teacher=settings.TeacherSettings(epochs=8, batch=16, lr=0.1, schedule="cosine"),
    student=settings.StudentSettings(epochs=8, batch=16, lr=0.1, schedule="cosine"),
)


def make_inputs(shapes: int = 6, sketches: int = 12, noise: float = 0.6, seed: int = 0) -> Inputs:
    """Make all parts: `shapes` and `sketches` of each class, a third as many for validation and test each."""
    random = np.random.default_rng(seed)
    classes = random.normal(size=(CLASSES, 10))
    maps = {"sketch": random.normal(size=(10, DIM)), "shape": random.normal(size=(10, DIM))}

    def part(kind: str, name: str, count: int, looks: int) -> Part:
        labels = random.permutation(np.repeat(np.arange(CLASSES), count))
        inside = classes[labels] + noise * random.normal(size=(len(labels), 10))
        data = np.maximum(inside @ maps[kind], -0.5)[:, None] + noise * random.normal(
            size=(len(labels), looks, DIM)
        )
        make = ShapeItem if kind == "shape" else SketchItem
        items = tuple(make(f"{name}/{index}", int(label), Path(name)) for index, label in enumerate(labels))
        return Part(items, labels, data.astype(np.float32))

    ranked = part("shape", "shapes", shapes, 4)
    few = max(1, sketches // 3)
    return Inputs(
        tuple(f"class {number}" for number in range(CLASSES)),
        ranked,
        ranked,
        part("sketch", "train", sketches, 3),
        part("sketch", "validation", few, 2),
        part("sketch", "test", few, 2),
        (),
        f"made {shapes} {sketches} {noise} {seed}",
    )


def make_task(
    folder: Path,
    inputs: Inputs,
    run: settings.RunSettings = RUN,
    seed: int = 0,
    *,
    key: str | None = None,
    teachers: Path | None = None,
) -> Task:
    """Make what a seed is trained by, with the key that `train_run` would give it, or another one."""
    own = digest(identity(run), inputs.digest) if key is None else key
    return Task(inputs, run, seed, own, folder, torch.device("cpu"), teachers, quiet=True)
