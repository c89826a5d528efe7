"""Trainings that several tasks share: the same network on the same data is trained once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar

from filelock import FileLock

from sketchshape.config.run import StageSettings
from sketchshape.errors import ArtefactError
from sketchshape.files import digest
from sketchshape.runs.identity import stage_identity
from sketchshape.runs.log import write_log
from sketchshape.train.data.items import Data
from sketchshape.train.engine.fit import FitResult
from sketchshape.train.engine.method import Method
from sketchshape.train.engine.task import Task
from sketchshape.train.models.stored import load_tensors, save_tensors

B = TypeVar("B")  # a batch


def fit_once(
    task: Task, method: Method[B], data: Data[B], stage: StageSettings, name: str, key: str
) -> FitResult:
    """Train a method, or take it over from `task.teachers`, where another task trained it in the same way.

    Tasks that need it at the same time wait for the first of them.

    Args:
        task: whose seed, device and folder are used.
        method: on the device already; it ends in evaluation mode.
        data: what it is trained on.
        stage: how it is optimised.
        name: of the stage, for its log.
        key: hash of its network and of what else decides the result beside stage, data, seed and device.

    Returns:
        The log, with the seconds that the training took when it was done.
    """
    if task.teachers is None:
        return task.fit(method, data, stage, name)
    precision, device = task.run.train.precision, task.device.type
    whole = digest(key, stage_identity(stage), data.digest(), task.seed, precision, device)
    path = task.teachers / f"{whole[:32]}.safetensors"
    task.teachers.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        if found := _take(path, method, task.folder, name):
            return found
        result = task.fit(method, data, stage, name)
        _keep(path, method, result)
    return result


def _keep(path: Path, method: Method[B], result: FitResult) -> None:
    header = {"history": json.dumps(result.history), "seconds": repr(result.seconds)}
    save_tensors(path, method, header)


def _take(path: Path, method: Method[B], folder: Path, name: str) -> FitResult | None:
    try:
        header, tensors = load_tensors(path)
        method.load_state_dict(tensors)
    except (ArtefactError, RuntimeError):  # not there, or damaged: it is trained again
        return None
    method.eval()
    history = tuple(json.loads(header["history"]))
    write_log(folder, name, history)
    return FitResult(history, float(header["seconds"]), resumed=True)
