"""The methods that are compared with CGN, one per file: the name of the file is the value of `method`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import numpy as np
import torch

from sketchshape.config import from_tree, to_tree
from sketchshape.config.run import RunSettings, StageSettings, check_stage
from sketchshape.encoders.likeness import likeness
from sketchshape.errors import ConfigError
from sketchshape.runs.centers import Centers
from sketchshape.runs.identity import differing
from sketchshape.train.by_name import class_in, demand_name, names_in
from sketchshape.train.engine.task import Task
from sketchshape.train.methods._compared import Compared, Joint
from sketchshape.train.models.retriever import Retriever, Sizes
from sketchshape.train.models.seeded import seeded

__all__ = [
    "CGN",
    "Compared",
    "Joint",
    "available",
    "checked",
    "new_retriever",
    "options_class",
    "options_of",
    "train",
]
CGN = "cgn"


@dataclass(frozen=True)
class _Settings:
    """CGN has no options: it is what the sections teacher, student and words of a run set."""


def available() -> tuple[str, ...]:
    """Name the methods, in alphabetical order, CGN among them."""
    return tuple(sorted({CGN, *names_in(__path__)}))


def options_class(name: str) -> type[Any]:
    """Find the settings of a method.

    Args:
        name: cgn, or a file in this folder, without its suffix.

    Returns:
        A frozen dataclass of scalars, which `sketchshape.config.from_tree` can read.

    Raises:
        ConfigError: there is no such method; the message lists those that exist.
    """
    demand_name("method", name, available())
    found: type[Any] = _Settings if name == CGN else import_module(f"{__name__}.{name}").Options
    return found


def options_of(run: RunSettings) -> Any:
    """Give the options of a run's method, an instance of its `options_class`.

    Raises:
        ConfigError: there is no such method, an option is wrong, or the run has what only CGN can use.
    """
    options = from_tree(options_class(run.method), run.options, f"method {run.method}", "options.")
    positive = run.method != CGN and _kind(run.method).positive
    if run.views.line_power != 1 and not positive:
        raise ConfigError(
            f"views.line_power is {run.views.line_power}, but embeddings of method {run.method} have entries "
            "below 0: set it to 1"
        )
    if run.method == CGN:
        return options
    if isinstance(options, StageSettings):
        check_stage(options, "options")
    if run.train.backbone != "frozen":
        raise ConfigError(
            f"train.backbone is {run.train.backbone!r}, and method {run.method} needs features: set frozen"
        )
    kind = _kind(run.method)
    if run.words.weight and not kind.further_words:
        raise ConfigError(
            f"words.weight is {run.words.weight}, but method {run.method} learns no words: set it to 0"
        )
    if run.views.lines and (way := kind.way(options)) != "cosine":
        raise ConfigError(
            f"views.lines is {run.views.lines}, but method {run.method} compares by {way}, and line "
            "drawings need cosine: set it to 0"
        )
    return options


def checked(run: RunSettings) -> RunSettings:
    """Check the method of a run, and leave out the options that have their defaults.

    Raises:
        ConfigError: as `options_of`.
    """
    options = to_tree(options_of(run))
    return replace(run, options=differing(options, to_tree(options_class(run.method)())))


def new_retriever(run: RunSettings, sizes: Sizes, device: torch.device) -> Retriever:
    """Make the networks of a method anew, for stored weights to be filled in.

    Args:
        run: with the method and its options; its backbones are frozen.
        sizes: that the networks have to fit.
        device: where they go.

    Returns:
        The networks.

    Raises:
        ConfigError: there is no such method, an option is wrong, or the run has what only CGN can use.
    """
    return _retriever(_make(run, sizes, 0).to(device), device)


def train(task: Task) -> Retriever:
    """Train a method on frozen features, or go on where an earlier call was stopped.

    Args:
        task: whose run names the method.

    Returns:
        The trained networks.

    Raises:
        ConfigError: as `new_retriever`.
        DivergedError: a loss is infinite or not a number.
    """
    with seeded(task.seed):
        method = _make(task.run, task.sizes, task.seed).to(task.device)
        method.start(task)
    retriever = _retriever(method, task.device)
    retriever.seconds.update(method.learn(task))
    retriever.centers = _centers(task, retriever)
    return retriever


def _make(run: RunSettings, sizes: Sizes, seed: int) -> Compared:
    return _kind(run.method)(run, sizes, options_of(run), seed)


def _retriever(method: Compared, device: torch.device) -> Retriever:
    views, way = method.run.views, method.way(method.options)
    weight, power = views.line_weight, views.line_power
    return Retriever(method.sketches, method.shapes, device, way, line_weight=weight, line_power=power)


def _centers(task: Task, retriever: Retriever) -> Centers:
    """Average the embeddings of the training sketches of each class: what a search for a class asks with."""
    part = task.inputs.train
    known, labels = np.unique(part.labels, return_inverse=True)
    rows = retriever.embed_sketches(part.data)
    means = np.stack([rows[labels == place].mean(0) for place in range(len(known))])
    classes = tuple(task.inputs.classes[label] for label in known)
    return Centers(likeness(retriever.likeness).prepare(means), classes, task.key)


def _kind(name: str) -> type[Compared]:
    return class_in(f"{__name__}.{name}", Compared)
