"""Train and measure one cell, in a process of its own: `python -m sketchshape.bench.worker FOLDER`.

So a method can neither slow another one down with its threads, nor take its memory, nor take it along when
it dies; and its time and its peak memory are its own.
"""

from __future__ import annotations

import json
import resource
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.bench.cells import DIVERGED, DONE, FAILED, TASK, WORK, Cell, save_queries
from sketchshape.bench.features_folder import TEACHERS, load_inputs, to_learn_from, without_lines
from sketchshape.config import from_tree
from sketchshape.config.run import RunSettings
from sketchshape.datasets.parts import Inputs
from sketchshape.encoders.likeness import likeness
from sketchshape.metrics import Scores, evaluate
from sketchshape.train.device import pick
from sketchshape.train.engine.fit import DivergedError
from sketchshape.train.engine.task import Task
from sketchshape.train.run import train_seed
from sketchshape.types import F32, I64


def work(folder: Path) -> int:
    """Do the task of a folder and write what came of it.

    Args:
        folder: of the cell, with its task.

    Returns:
        The exit code: 0 done, 1 not, 130 interrupted with its state kept for the next call.
    """
    task = json.loads((folder / TASK).read_text(encoding="utf-8"))
    cell = _cell(folder, task)
    began = time.monotonic()
    try:
        found = _train(cell, Path(task["inputs"]))
    except KeyboardInterrupt:
        return 130
    except DivergedError as error:
        # The trainer's advice is for the options of `sketchshape train`.
        reason = f"{_line(error).partition('; try ')[0]}; try a smaller lr in its options"
        cell.write(DIVERGED, reason=reason, wall_seconds=time.monotonic() - began)
    except Exception as error:
        reason = f"{type(error).__name__}: {_line(error)}"
        cell.write(FAILED, reason=reason, wall_seconds=time.monotonic() - began)
    else:
        cell.write(DONE, **found, wall_seconds=time.monotonic() - began, peak_mb=peak_mb())
    shutil.rmtree(folder / WORK, ignore_errors=True)  # checkpoints; the logs are kept beside the record
    record = cell.record()
    return 0 if record and record["status"] == DONE else 1


def peak_mb() -> float:
    """Give the most memory that this process has had, in MB of 2**20 bytes."""
    try:
        # ru_maxrss is inherited from the process that started this one: it is never below that one's memory.
        text = Path("/proc/self/status").read_text(encoding="ascii")
        return int(text.split("VmHWM:")[1].split()[0]) / 1024
    except (OSError, IndexError, ValueError):
        size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return size / (1024**2 if sys.platform == "darwin" else 1024)


def _cell(folder: Path, task: dict[str, Any]) -> Cell:
    run = from_tree(RunSettings, task["run"], str(folder / TASK))
    return Cell(folder, run=run, **{name: task[name] for name in ("label", "seed", "data", "part")})


def _train(cell: Cell, where: Path) -> dict[str, Any]:
    inputs = load_inputs(where)
    if not cell.run.views.lines:
        inputs = without_lines(inputs)
    device, teachers = pick(cell.run.train.device), where.with_name(TEACHERS)
    learned_from, work = to_learn_from(inputs), cell.folder / WORK
    task = Task(learned_from, cell.run, cell.seed, cell.key, work, device, teachers, quiet=True)
    trained = train_seed(task)
    for log in (cell.folder / WORK).glob("log.*"):
        shutil.copy(log, cell.folder)
    test = cell.part == "test"
    asked = inputs.test if test else inputs.validation
    ranked = inputs.gallery if test else inputs.validation_gallery
    rows = trained.embed_sketches(asked.data), trained.embed_shapes(ranked.data, ranked.lines)
    similarity = likeness(trained.likeness).between(*rows)
    if not np.isfinite(similarity).all():
        wrong = int((~np.isfinite(similarity)).sum())
        raise DivergedError(f"{wrong} of {similarity.size} similarities are not finite")
    scores = evaluate(similarity, asked.labels, ranked.labels)
    save_queries(cell.folder, scores, asked.labels, cell.key)
    also = _also(where, similarity, inputs) if test else {}
    return {"scores": scores.to_json(), "also": also, "seconds": sum(trained.seconds.values())}


def _also(where: Path, similarity: F32, inputs: Inputs) -> dict[str, Any]:
    """Measure the parts that other protocols ask, from the same similarities."""
    parts = json.loads((where / "parts.json").read_text(encoding="utf-8"))
    return {name: _part(similarity, inputs, **part).to_json() for name, part in parts.items()}


def _part(similarity: F32, inputs: Inputs, queries: list[int], gallery: list[int]) -> Scores:
    rows, columns = np.array(queries), np.array(gallery)
    labels: tuple[I64, I64] = inputs.test.labels[rows], inputs.gallery.labels[columns]
    return evaluate(similarity[np.ix_(rows, columns)], *labels)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


if __name__ == "__main__":
    sys.exit(work(Path(sys.argv[1])))
