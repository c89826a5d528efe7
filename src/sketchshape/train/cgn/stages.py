"""Teacher, class centers, student: how the networks of one seed are trained. [CGN] Fig. 2."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console

from sketchshape.config.run import Run
from sketchshape.files import digest
from sketchshape.metrics import evaluate
from sketchshape.metrics.rows import unit
from sketchshape.runs.centers import Centers
from sketchshape.runs.identity import settings_hash
from sketchshape.train.centers.class_centers import class_centers
from sketchshape.train.centers.target_check import target_check
from sketchshape.train.cgn.student import Student
from sketchshape.train.cgn.teacher import Teacher
from sketchshape.train.data.inputs import Inputs, Part
from sketchshape.train.data.items import Items
from sketchshape.train.data.sketch_augment import Augment
from sketchshape.train.engine.distributed import world
from sketchshape.train.engine.fit import Validate, fit
from sketchshape.train.models.pair import Pair, in_roles, new_pair, new_words, save_encoder
from sketchshape.types import F32, I64


@dataclass(frozen=True)
class Trained:
    """What training a pair gave beside its networks.

    Args:
        seconds: of teacher and student, and of the words head where there is one.
        target_check: where the guidance loss leads, in figures.
    """

    seconds: dict[str, float]
    target_check: dict[str, Any]


def train_pair(
    inputs: Inputs,
    settings: Run,
    seed: int,
    folder: Path,
    device: torch.device,
    *,
    quiet: bool = False,
    student: Callable[..., Student] = Student,
    student_key: str = "",
) -> tuple[Pair, Trained]:
    """Train the teacher, take its class centers, check where they lead, and train the student. [CGN] Fig. 2.

    Where `words.weight` is more than 0, a second head for sketches is trained in the end.

    Args:
        inputs: all parts of a data set; the test part is not looked at.
        settings: of the run.
        seed: of weights, batches and augmentation.
        folder: of checkpoints, logs and results; an interrupted training goes on from there.
        device: where to compute.
        quiet: print nothing.
        student: makes the student, with the arguments of `Student`.
        student_key: hash of what else that student depends on; empty for `Student`.

    Returns:
        The pair, and figures of the training.
    """
    pair, first = new_pair(settings, seed, device), world().first
    for network in (pair.sketches, pair.shapes):  # a convolution is trained faster so
        network.trunk.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    teacher_net, student_net = in_roles(pair.shapes, pair.sketches, settings)
    shapes_teach = settings.teacher.modality == "shape"
    if not shapes_teach:
        inputs = sketched(inputs)
    teacher_part, student_part = in_roles(inputs.shapes, inputs.train, settings)
    train = partial(
        fit, seed=seed, device=device, precision=settings.train.precision, folder=folder, quiet=quiet
    )
    key = digest(settings_hash(settings), inputs.digest)
    teacher = Teacher(teacher_net, len(inputs.classes), settings.teacher, seed=seed).to(device)
    taught = train(
        teacher,
        _items(teacher_part, inputs, settings, shapes=shapes_teach),
        settings.teacher,
        name="teacher",
        key=key,
    )
    found = world().of_first(_centers(pair, teacher, teacher_part, inputs.classes))
    centers = Centers(found, inputs.classes, key)
    if first:
        centers.save(folder / "centers.npz")
    check = _report_targets(centers, settings, quiet or not first)
    learned = train(
        student(student_net, torch.from_numpy(centers.values), settings.student, seed=seed).to(device),
        _items(student_part, inputs, settings, shapes=not shapes_teach),
        settings.student,
        name="student",
        key=digest(key, centers.values.tobytes()) + student_key,
        validate=_validation(pair, inputs) if shapes_teach else None,
    )
    for name, network in (("teacher", teacher_net), ("student", student_net)) if first else ():
        save_encoder(folder / f"{name}.safetensors", network, settings)
    seconds = {"teacher": taught.seconds, "student": learned.seconds}
    if settings.words.weight:
        words = new_words(settings, seed, device)
        items = _words(inputs, settings)
        options = replace(settings.teacher, classifier="learned")  # there may be more words than corners
        method = Teacher(words, int(items.labels.max()) + 1, options, seed=seed).to(device)
        seconds["words"] = train(method, items, settings.words, name="words", key=key).seconds
        if first:
            save_encoder(folder / "words.safetensors", words, settings)
        pair = pair.with_words(words, settings.words.weight)
    return pair, Trained(seconds, check)


def sketched(inputs: Inputs) -> Inputs:
    """Leave out classes without a training sketch, of which a teacher of sketches finds no center.

    Args:
        inputs: whose shapes may be of more classes than its training sketches.

    Returns:
        The same, but that classes, training shapes and training sketches are of the others, numbered anew.
    """
    known = np.unique(inputs.train.labels)
    if len(known) == len(inputs.classes):
        return inputs
    return replace(
        inputs,
        classes=tuple(inputs.classes[label] for label in known),
        shapes=_only(inputs.shapes, known),
        train=_only(inputs.train, known),
    )


def _only(part: Part, known: I64) -> Part:
    kept = np.flatnonzero(np.isin(part.labels, known))
    lines = None if part.lines is None else part.lines[kept]
    items = tuple(part.items[place] for place in kept)
    return Part(items, np.searchsorted(known, part.labels[kept]), part.data[kept], lines)  # type: ignore[arg-type]


def _items(part: Part, inputs: Inputs, settings: Run, *, shapes: bool) -> Items:
    if shapes:
        return Items(part.data, part.labels)
    if settings.train.trunk == "frozen":
        drawn = inputs.shapes.lines
        if drawn is None:
            return Items(part.data, part.labels, variants=True)
        looks = drawn.reshape(len(drawn), -1, drawn.shape[-1])  # a drawing of a shape is a variant of it
        return _variants((part.data, part.labels), (looks, inputs.shapes.labels))
    return Items(part.data[:, 0], part.labels, transform=Augment(settings.train.rotation))


def _words(inputs: Inputs, settings: Run) -> Items:
    """Give what a student of sketches learns from, and the sketches of the words without shapes."""
    items = _items(inputs.train, inputs, settings, shapes=False)
    if inputs.words is None:
        return items
    further = inputs.words.data, len(inputs.classes) + inputs.words.labels
    return _variants((items.inputs, items.labels.numpy()), further)


def _variants(*parts: tuple[Any, I64]) -> Items:
    """Join (n, k, ...) items and their labels; each has as many variants as those of the first part."""
    count = parts[0][0].shape[1]
    data = [looks[:, np.arange(count) % looks.shape[1]] for looks, _ in parts]
    return Items(np.concatenate(data), np.concatenate([labels for _, labels in parts]), variants=True)


def _centers(pair: Pair, teacher: Teacher, part: Part, classes: tuple[str, ...]) -> F32:
    if teacher.options.centers == "classifier":
        return unit(teacher.classifier.weight.detach().cpu().numpy())
    shapes = teacher.options.modality == "shape"
    embeddings = pair.embed_shapes(part.data) if shapes else pair.embed_sketches(part.data)
    return class_centers(embeddings, part.labels, classes)


def _report_targets(centers: Centers, settings: Run, quiet: bool) -> dict[str, Any]:
    """Print the closed-form targets of the student before it starts, with a warning when they are bad."""
    check = target_check(centers.values, settings.student.weight, settings.student.away)
    right, classes = int(check.nearest.sum()), len(check.nearest)
    if not quiet:
        console = Console(stderr=True)
        console.print(
            f"target check: cos(t, c) mean {check.cosine.mean():.3f}, least {check.cosine.min():.3f}; "
            f"{right} of {classes} targets are nearest to their own center"
        )
        if warning := check.warning(centers.classes):
            console.print(f"[yellow]warning:[/] {warning}", highlight=False)
    return {
        "cosine_mean": float(check.cosine.mean()),
        "cosine_least": float(check.cosine.min()),
        "nearest": right,
        "classes": classes,
    }


def _validation(pair: Pair, inputs: Inputs) -> Validate | None:
    """Rank shapes, which are fixed by now, for the sketches held out of training."""
    held, gallery = inputs.validation, inputs.validation_gallery
    if not len(held):
        return None
    shapes = pair.embed_shapes(gallery.data)

    def validate() -> dict[str, float]:
        ranked = pair.join(shapes, gallery.lines)
        scores = evaluate(pair.embed_sketches(held.data) @ ranked.T, held.labels, gallery.labels)
        return {"val_map": scores.map, "val_nn": scores.nn}

    return validate
