"""One trained method with one seed: what it is made from, where it lies, and how it is read."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from sketchshape.config import to_tree
from sketchshape.config.run import RunSettings
from sketchshape.errors import ArtefactError
from sketchshape.files import atomic, digest, write_json
from sketchshape.metrics import MEASURES, PerQuery, Scores
from sketchshape.runs.identity import identity
from sketchshape.types import I64

FORMAT = 2
DONE, DIVERGED, FAILED = "done", "diverged", "failed"
RECORD, QUERIES, TASK, WORK = "cell.json", "queries.npz", "task.json", "work"


@dataclass(frozen=True, eq=False)
class Cell:
    """One training that is to be done.

    Args:
        folder: where its result goes.
        label: of the method in the table.
        run: the settings, with method and options.
        seed: of weights and batches.
        data: hash of the arrays that are learned from and ranked.
        part: which sketches ask: test, or validation in a search.
    """

    folder: Path
    label: str
    run: RunSettings
    seed: int
    data: str
    part: str = "test"

    @cached_property
    def key(self) -> str:
        """Hash of all that decides the result."""
        return digest(FORMAT, self.identity, self.data, self.seed, self.part)

    @cached_property
    def identity(self) -> str:
        """Hash of the settings."""
        return identity(self.run)

    @property
    def title(self) -> str:
        """What progress and errors call it."""
        own = f"seed {self.seed}" if self.part == "test" else self.folder.name.replace("-", " ")
        return f"{self.label}, {own}"

    def write_task(self, inputs: Path) -> None:
        """Write what a worker needs to know, and forget the checkpoints of another task.

        Args:
            inputs: folder of the features.
        """
        if _key(self.folder / TASK) != self.key:
            shutil.rmtree(self.folder / WORK, ignore_errors=True)
        task = {
            "format": FORMAT,
            "kind": "task",
            "key": self.key,
            **self._facts(),
            "run": to_tree(self.run),
            "part": self.part,
            "inputs": str(inputs.resolve()),
        }
        write_json(self.folder / TASK, task)

    def write(self, status: str, **values: Any) -> dict[str, Any]:
        """Write the record of what became of it, and give it."""
        record = {"format": FORMAT, "kind": "cell", "key": self.key, "status": status, **self._facts()}
        record.update(values)
        write_json(self.folder / RECORD, record)
        return record

    def record(self) -> dict[str, Any] | None:
        """Read the record; None where there is none of just this training."""
        record = read_record(self.folder)
        return record if record is not None and record["key"] == self.key else None

    def _facts(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "method": self.run.method,
            "options": self.run.options,
            "seed": self.seed,
            "settings": self.identity,
            "data": self.data,
        }


def read_record(folder: Path) -> dict[str, Any] | None:
    """Read the record of a cell; None where there is none, or one that this version cannot read."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    known = isinstance(record, dict) and record.get("kind") == "cell" and record.get("format") == FORMAT
    return record if known else None


def _key(path: Path) -> str | None:
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["key"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def save_queries(folder: Path, scores: Scores, labels: I64, key: str) -> None:
    """Write the figures of each query, atomically.

    Args:
        folder: of the cell.
        scores: of the queries.
        labels: (Q,) class of each query that was asked, those left out too.
        key: hash of the cell.
    """
    values = vars(scores.per_query)
    with atomic(folder / QUERIES) as temporary, temporary.open("wb") as stream:
        np.savez(stream, format=FORMAT, key=key, labels=labels[scores.per_query.index], **values)


def load_queries(folder: Path, key: str) -> tuple[PerQuery, I64]:
    """Read the figures of each query.

    Args:
        folder: of the cell.
        key: hash that they must have.

    Returns:
        The figures and the (N,) labels of the queries that count.

    Raises:
        ArtefactError: the file is missing, damaged, or of another training.
    """
    path = folder / QUERIES
    try:
        with np.load(path) as stored:
            names = ("index", *MEASURES, "pr")
            values = {name: stored[name] for name in names}
            found, labels = str(stored["key"]), stored["labels"]
    except (OSError, KeyError, ValueError, BadZipFile) as error:
        raise ArtefactError(f"{path}: not readable ({error}); remove {folder} and run again") from None
    if found != key:
        raise ArtefactError(f"{path}: of another training than {RECORD}; remove {folder} and run again")
    return PerQuery(**values), labels
