"""A whole run, from mesh files and drawings to figures: what `sketchshape train` does. [CGN] Fig. 2."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sketchshape.config.run import RunSettings
from sketchshape.datasets import load_dataset
from sketchshape.files import digest
from sketchshape.runs.centers import Centers
from sketchshape.runs.folder import claim, seed_folder, write_run
from sketchshape.runs.identity import identity
from sketchshape.runs.record import read_figures, record_of, report_problems, write_items
from sketchshape.train import methods
from sketchshape.train.centers.target_check import report_targets
from sketchshape.train.cgn.lessons import swapped
from sketchshape.train.cgn.student import train_student, validation
from sketchshape.train.cgn.teacher import find_centers, train_teacher
from sketchshape.train.cgn.words import train_words
from sketchshape.train.data.inputs import prepare_inputs
from sketchshape.train.data.preparer import Preparer
from sketchshape.train.device import note_precision
from sketchshape.train.engine.distributed import processes
from sketchshape.train.engine.task import Task
from sketchshape.train.models.pair import in_roles, new_pair
from sketchshape.train.models.retriever import Retriever
from sketchshape.train.trained import keep_trained


def train_run(
    run: RunSettings,
    folder: Path,
    *,
    workers: int | None = None,
    fresh: bool = False,
    quiet: bool = False,
    command: Sequence[str] = (),
) -> dict[str, Any]:
    """Render, encode, train the networks of each seed, and measure them on the test sketches.

    Whatever is done already is taken over, so an interrupted run goes on with the same call. Of the
    processes of torchrun the first one prepares and writes; the others read what it left in the cache.

    Args:
        run: the settings.
        folder: that it lands in.
        workers: processes that render; None is all cores.
        fresh: remove what the folder holds first.
        quiet: show no progress.
        command: the words of the command, for the record.

    Returns:
        The record that `run.json` holds.

    Raises:
        ArtefactError: the folder holds a run of other settings.
        DatasetError: the data set is not there, or nothing in it can be read.
    """
    run = methods.checked(run)
    with processes(run.train.device) as team:
        started, quiet, own = time.monotonic(), quiet or not team.first, identity(run)
        with team.first_alone():
            dataset = load_dataset(run.data.layout, run.data.path, sources=run.data.sources)
            preparer = Preparer(run, workers=workers, quiet=quiet)  # a wrong backbone takes no folder
            if team.first:
                claim(folder, run, own, fresh=fresh)
            inputs = prepare_inputs(dataset, preparer)
        if team.first:
            report_problems(inputs, len(dataset.problems))
            note_precision(run.train.precision, preparer.device)
        prepared, key, seeds = time.monotonic() - started, digest(own, inputs.digest), {}
        for seed in run.train.seeds:
            place = seed_folder(folder, seed)
            if team.any(not (place / "embeddings.npz").is_file()):
                task = Task(inputs, run, seed, key, place, preparer.device, quiet=quiet)
                trained = train_seed(task)
                if team.first:
                    keep_trained(task, trained)
                team.wait()
            seeds[str(seed)] = read_figures(place, key)
        record = record_of(run, inputs, dataset.summary(), key, seeds, command, prepared)
        if team.first:
            write_items(folder, inputs)
            write_run(folder, record)
        return record


def train_seed(task: Task) -> Retriever:
    """Train the networks of one seed: those of CGN, or of another method of the comparison.

    Raises:
        ConfigError: there is no such method, or it cannot use an option or a setting.
    """
    methods.options_of(task.run)
    return train_cgn(task) if task.run.method == methods.CGN else methods.train(task)


def train_cgn(task: Task) -> Retriever:
    """Train a teacher, and a student that is guided to the class centers of its embedding. [CGN] Fig. 2.

    The teacher learns from shapes and the student from sketches, or the other way round, Table 3. The target
    check, and the second head for sketches that is trained where `words.weight` is more than 0, are ours.
    """
    run, pair = task.run, new_pair(task.run, task.sizes, task.seed, task.device)
    if run.teacher.modality == "sketch":
        task = replace(task, inputs=swapped(task.inputs))
    teaching, learning = in_roles(pair.shapes, pair.sketches, run)

    teacher, taught = train_teacher(task, teaching)
    centers = find_centers(task, teacher)
    targets = report_targets(centers, task.inputs.classes, run.student, quiet=task.quiet)
    check = validation(task, replace(pair, words=None).retriever(run, task.device))
    learned = train_student(task, learning, centers, check)

    retriever = pair.retriever(run, task.device)
    retriever.centers = Centers(centers, task.inputs.classes, task.key)
    retriever.seconds, retriever.facts = {"teacher": taught, "student": learned}, {"target_check": targets}
    if pair.words is not None:
        retriever.seconds["words"] = train_words(task, pair.words)
    return retriever
