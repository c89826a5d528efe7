"""What a run leaves for its readers: the figures of each seed, and the record of it all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sketchshape.config import to_tree
from sketchshape.config.run import RunSettings
from sketchshape.datasets import ShapeItem, SketchItem
from sketchshape.datasets.parts import Inputs, Part
from sketchshape.files import write_json
from sketchshape.metrics import Scores, evaluate
from sketchshape.resources import VERSION
from sketchshape.runs.embeddings import Embeddings, load_embeddings
from sketchshape.say import say
from sketchshape.zips import is_file


def scores_of(embeddings: Embeddings) -> Scores:
    """Measure the stored embeddings of one seed."""
    return evaluate(embeddings.similarity(), embeddings.query_labels, embeddings.gallery_labels)


def read_figures(folder: Path, key: str) -> dict[str, Any]:
    """Measure the embeddings of a seed, and give what else its training wrote down.

    Raises:
        ArtefactError: the embeddings were made with other settings or data.
    """
    scores = scores_of(load_embeddings(folder / "embeddings.npz", key))
    trained = json.loads((folder / "trained.json").read_text(encoding="utf-8"))
    per_class = {str(label): row for label, row in scores.per_class.items()}
    return {"scores": scores.to_json(), "per_class": per_class, **trained}


def report_problems(inputs: Inputs, known: int) -> None:
    """Say on stderr which files are left out.

    Args:
        inputs: all parts.
        known: how many of the problems have not been named yet; the others were when they came up.
    """
    for problem in inputs.problems[:known]:
        say(f"note: {problem}", error=True)
    if unreadable := inputs.problems[known:]:
        say(f"{len(unreadable)} files could not be read and are left out", error=True)


def record_of(
    run: RunSettings,
    inputs: Inputs,
    summary: dict[str, Any],
    key: str,
    seeds: dict[str, Any],
    command: Sequence[str],
    prepared: float,
) -> dict[str, Any]:
    """Put together what `run.json` holds.

    Args:
        run: the settings.
        inputs: all parts.
        summary: of the data set.
        key: hash of the settings and the data.
        seeds: what `read_figures` gives, by seed.
        command: the words of the command.
        prepared: seconds before training.

    Returns:
        The record.
    """
    sizes = {
        "shapes": len(inputs.gallery),
        "learned_shapes": len(inputs.shapes),
        "train": len(inputs.train),
        "validation": len(inputs.validation),
        "test": len(inputs.test),
        **{
            name: len(part)
            for name in ("validation_shapes", "words")
            if (part := getattr(inputs, name)) is not None
        },
    }
    return {
        "name": run.name,
        "command": " ".join(command),
        "version": VERSION,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "settings": to_tree(run),
        "hash": key,
        "classes": list(inputs.names),
        "dataset": {**summary, "layout": run.data.layout, **sizes, "problems": list(inputs.problems)},
        "seconds_prepared": prepared,
        "seeds": seeds,
    }


def write_items(folder: Path, inputs: Inputs) -> None:
    """Write `items.json`: where the files of queries and gallery are, for pictures of them."""

    def sketches(part: Part) -> dict[str, Any]:
        return {
            item.id: {"path": str(item.path.resolve()), "line": getattr(item, "line", None)}
            for item in part.items
        }

    gallery = {item.id: str(item.path.resolve()) for item in inputs.gallery.items}
    write_json(folder / "items.json", {"queries": sketches(inputs.test), "gallery": gallery})


def read_items(folder: Path) -> tuple[list[ShapeItem], list[SketchItem]]:
    """Read `items.json`: the shapes and test sketches whose files are still there; none without it."""
    try:
        items = json.loads((folder / "items.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return [], []
    shapes = [ShapeItem(id, 0, Path(path)) for id, path in items["gallery"].items()]
    sketches = [SketchItem(id, 0, Path(one["path"]), one["line"]) for id, one in items["queries"].items()]
    return (
        [item for item in shapes if is_file(item.path)],
        [item for item in sketches if item.path.is_file()],
    )
