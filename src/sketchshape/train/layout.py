"""What a run folder holds, and how it is written and read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.config import from_tree, to_tree
from sketchshape.errors import ArtefactError, UsageError
from sketchshape.files import atomic, digest, write_json
from sketchshape.settings import Run, Teacher
from sketchshape.types import F32, I64

FORMAT = 1
# Settings that came later: left out of the hash while they have their default, so that older runs stay valid.
LATER_IN_STAGES = ("accumulate", "ema", "balance")
LATER_IN_TEACHERS = ("classifier",)
LATER = (
    "data.protocol",
    "data.held_out_least",
    "data.unseen",
    "data.share",
    "backbone.sketch_name",
    "views.elevations",
    "views.pool",
    "views.lines",
    "views.line_size",
    "views.line_weight",
    *(f"{stage}.{name}" for stage in ("teacher", "student") for name in LATER_IN_STAGES),
    *(f"teacher.{name}" for name in LATER_IN_TEACHERS),
    "words.balance",
    "words",  # as a whole, after what came later than it
)


@dataclass(frozen=True, eq=False)
class Embeddings:
    """What one seed's networks made of the test sketches and of the gallery.

    Args:
        query_ids: (Q,) text.
        query_labels: (Q,) int64.
        query_embeddings: (Q, D) float32, unit rows.
        gallery_ids: (G,) text.
        gallery_labels: (G,) int64.
        gallery_embeddings: (G, D) float32, unit rows.
    """

    query_ids: np.ndarray[Any, Any]
    query_labels: I64
    query_embeddings: F32
    gallery_ids: np.ndarray[Any, Any]
    gallery_labels: I64
    gallery_embeddings: F32

    def similarity(self) -> F32:
        """Give the cosine of every query with every shape: (Q, G)."""
        return self.query_embeddings @ self.gallery_embeddings.T


def seed_folder(run: Path, seed: int) -> Path:
    """Name the folder of one seed's networks."""
    return run / f"seed-{seed}"


def settings_hash(settings: Run) -> str:
    """Hash what decides the numbers of one seed: all settings but names, paths, device and list of seeds."""
    tree = to_tree(settings)
    tree.pop("name")
    tree["data"].pop("path")
    tree["train"].pop("seeds")
    tree["train"].pop("device")
    defaults = to_tree(Run())
    for key in LATER:
        *parents, last = key.split(".")
        node, default = tree, defaults
        for parent in parents:
            node, default = node[parent], default[parent]
        if node[last] == default[last]:
            node.pop(last)
            default.pop(last)
    return digest(tree, FORMAT)


def stage_tree(options: Mapping[str, Any]) -> dict[str, Any]:
    """Give the settings of a stage as they are hashed: without those that came later and have their default.

    Args:
        options: of a `Stage`, by name, with those that a method adds.

    Returns:
        The settings that count.
    """
    defaults = vars(Teacher())
    later = {name: defaults[name] for name in (*LATER_IN_STAGES, *LATER_IN_TEACHERS)}
    return {name: value for name, value in options.items() if name not in later or value != later[name]}


def save_embeddings(path: Path, embeddings: Embeddings, stamp: str) -> None:
    """Write embeddings with the hash of what they were made from."""
    with atomic(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, format=FORMAT, stamp=stamp, **vars(embeddings))


def load_embeddings(path: Path, stamp: str | None = None) -> Embeddings:
    """Read embeddings.

    Args:
        path: what `save_embeddings` wrote.
        stamp: the hash that they must have; None takes any.

    Returns:
        The embeddings.

    Raises:
        ArtefactError: the file is not there, damaged, or made from other settings or data.
    """
    try:
        with np.load(path) as arrays:
            values = {name: arrays[name] for name in arrays.files}
            version, found = int(values.pop("format")), str(values.pop("stamp"))
    except (OSError, KeyError, ValueError) as error:
        raise ArtefactError(f"{path}: not readable ({error}); train again") from None
    if version != FORMAT:
        raise ArtefactError(f"{path}: format {version}, expected {FORMAT}; train again with --fresh")
    if stamp is not None and found != stamp:
        raise ArtefactError(f"{path}: made from other settings or data; train again with --fresh")
    return Embeddings(**values)


def write_run(run: Path, record: dict[str, Any]) -> None:
    """Write `run.json`, the record of a run."""
    write_json(run / "run.json", {"format": FORMAT, "kind": "run", **record})


def read_run(run: Path) -> tuple[Run, dict[str, Any]]:
    """Read the record of a run.

    Args:
        run: the folder.

    Returns:
        Its settings, and the whole record.

    Raises:
        UsageError: the folder is not there, or is not of a run.
        ArtefactError: the record is damaged or of another format.
    """
    path = run / "run.json"
    if not path.is_file():
        raise UsageError(
            f"{run}: no run.json in it; expected the folder of a run, as `sketchshape train` writes"
        )
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["format"] != FORMAT or record["kind"] != "run":
            raise ArtefactError(f"{path}: format {record['format']}, expected {FORMAT}; train again")
        return from_tree(Run, record["settings"], str(path)), record
    except (ValueError, KeyError, TypeError) as error:
        raise ArtefactError(f"{path}: damaged ({error}); train again") from None
