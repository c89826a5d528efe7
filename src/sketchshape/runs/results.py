"""Read the folder of a run: what was set, and the embeddings of each seed, checked against each other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.errors import ArtefactError
from sketchshape.metrics import NAMES, Scores, evaluate
from sketchshape.runs.embeddings import load_embeddings
from sketchshape.runs.folder import FORMAT, of_today
from sketchshape.types import I64

SHOWN = 10  # shapes that a retrieval picture shows for a query
_ROUNDING = 2e-3  # another processor may swap two almost equal shapes


@dataclass(frozen=True, eq=False)
class Seed:
    """One trained pair of networks, evaluated.

    Args:
        seed: its number.
        record: what training wrote about it: scores, seconds, target check.
        scores: measured again from the stored embeddings.
        query_ids: (Q,) names.
        query_labels: (Q,) indices of classes.
        gallery_ids: (G,) names.
        gallery_labels: (G,) indices of classes.
        best: (Q, 10) indices of the first shapes of each query, fewer for a small gallery.
    """

    seed: int
    record: Mapping[str, Any]
    scores: Scores
    query_ids: list[str]
    query_labels: I64
    gallery_ids: list[str]
    gallery_labels: I64
    best: I64


@dataclass(frozen=True, eq=False)
class Run:
    """A run folder in memory.

    Args:
        folder: where it is.
        record: the content of run.json.
        items: the content of items.json; empty lists of queries and gallery where it is not there.
        seeds: one for each trained seed, at least one.
    """

    folder: Path
    record: Mapping[str, Any]
    items: Mapping[str, Mapping[str, Any]]
    seeds: tuple[Seed, ...]

    @property
    def classes(self) -> list[str]:
        """The class names, by label."""
        return list(self.record["classes"])


def read_record(folder: Path) -> dict[str, Any]:
    """Read run.json.

    Raises:
        ArtefactError: it is missing, of another format, or has no finished seed.
    """
    record: dict[str, Any] = of_today(_json(folder / "run.json"))
    if record.get("format") != FORMAT or record.get("kind") != "run":
        raise ArtefactError(
            f"{folder / 'run.json'}: kind {record.get('kind')!r}, format {record.get('format')!r}, expected "
            f"'run', {FORMAT}; train it again with this version of sketchshape"
        )
    if not record.get("seeds"):
        raise ArtefactError(
            f"{folder / 'run.json'}: no seed has finished; run the same training command again"
        )
    return record


def read_run(folder: Path) -> Run:
    """Read a run and evaluate its embeddings.

    Args:
        folder: the run folder.

    Returns:
        The run.

    Raises:
        ArtefactError: a file is missing or unreadable, or the stored scores are not those of the embeddings.
    """
    record = read_record(folder)
    items = (
        _json(folder / "items.json") if (folder / "items.json").exists() else {"queries": {}, "gallery": {}}
    )
    seeds = tuple(
        _read_seed(folder / f"seed-{seed}", int(seed), values) for seed, values in record["seeds"].items()
    )
    return Run(folder, record, items, seeds)


def _read_seed(folder: Path, seed: int, record: Mapping[str, Any]) -> Seed:
    embeddings = load_embeddings(folder / "embeddings.npz")
    try:
        similarity = embeddings.similarity()
        scores = evaluate(similarity, embeddings.query_labels, embeddings.gallery_labels)
    except ValueError as error:
        raise ArtefactError(f"{folder / 'embeddings.npz'}: {error}") from None
    _compare(folder, scores.to_json(), record.get("scores", {}))
    return Seed(
        seed=seed,
        record=record,
        scores=scores,
        query_ids=[str(name) for name in embeddings.query_ids],
        query_labels=embeddings.query_labels,
        gallery_ids=[str(name) for name in embeddings.gallery_ids],
        gallery_labels=embeddings.gallery_labels,
        best=np.stack([np.argsort(-row, kind="stable")[:SHOWN] for row in similarity]),
    )


def _compare(folder: Path, measured: Mapping[str, Any], stored: Mapping[str, Any]) -> None:
    for name in NAMES:
        if name in stored and abs(stored[name] - measured[name]) > _ROUNDING:
            raise ArtefactError(
                f"{folder}: run.json says {name} {stored[name]:.4f}, the embeddings give "
                f"{measured[name]:.4f}; they are not of the same training, train this run again"
            )


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ArtefactError(f"{path} is not there; give the folder of a trained run") from None
    except (OSError, ValueError) as error:
        raise ArtefactError(f"{path}: unreadable ({error})") from None
    if not isinstance(value, dict):
        raise ArtefactError(f"{path}: holds {type(value).__name__}, expected an object")
    return value
