"""A whole run, from mesh files and drawings to figures: what `sketchshape train` does."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.config import to_tree
from sketchshape.config.run import Run
from sketchshape.datasets import load_dataset
from sketchshape.errors import ArtefactError
from sketchshape.files import digest, write_json
from sketchshape.resources import VERSION
from sketchshape.runs.embeddings import Embeddings, load_embeddings, save_embeddings
from sketchshape.runs.folder import seed_folder, write_run
from sketchshape.runs.identity import settings_hash
from sketchshape.train.cgn.stages import train_pair
from sketchshape.train.data.inputs import Inputs, Part, prepare_inputs
from sketchshape.train.data.preparer import Preparer
from sketchshape.train.device import note_precision
from sketchshape.train.engine.distributed import World, processes
from sketchshape.train.measure import scores_of
from sketchshape.train.models.pair import Pair


def train_run(
    settings: Run,
    run: Path,
    *,
    workers: int | None = None,
    fresh: bool = False,
    quiet: bool = False,
    command: Sequence[str] = (),
) -> dict[str, Any]:
    """Render, encode, train each seed's pair, and measure it on the test sketches.

    Whatever is done already is taken over, so an interrupted run goes on with the same call. Of the
    processes of torchrun the first one prepares and writes; the others read what it left in the cache.

    Args:
        settings: of the run.
        run: folder that it lands in.
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
    with processes(settings.train.device) as world:
        return _train_run(settings, run, world, workers, fresh, quiet or not world.first, command)


def _train_run(
    settings: Run,
    run: Path,
    world: World,
    workers: int | None,
    fresh: bool,
    quiet: bool,
    command: Sequence[str],
) -> dict[str, Any]:
    started = time.monotonic()
    with world.first_alone():
        if world.first:
            _claim(run, settings, fresh)
        dataset = load_dataset(settings.data.layout, settings.data.path)
        preparer = Preparer(settings, workers=workers, quiet=quiet)
        inputs = prepare_inputs(dataset, preparer)
    if world.first:
        _report(inputs, len(dataset.problems))
        note_precision(settings.train.precision, preparer.device)
    prepared = time.monotonic() - started
    stamp = digest(settings_hash(settings), inputs.digest)
    seeds = {}
    for seed in settings.train.seeds:
        folder = seed_folder(run, seed)
        path = folder / "embeddings.npz"
        if world.any(not path.is_file()):
            pair, trained = train_pair(inputs, settings, seed, folder, preparer.device, quiet=quiet)
            if world.first:
                save_embeddings(path, _embed(pair, inputs), stamp)
                write_json(folder / "trained.json", vars(trained))
            world.wait()
        seeds[str(seed)] = _figures(folder, stamp)
    record = _record(settings, inputs, dataset.summary(), seeds, command, prepared)
    if world.first:
        _write_items(run, inputs)
        write_run(run, record)
    return record


def _claim(run: Path, settings: Run, fresh: bool) -> None:
    """Take a folder for a run; one that holds a run of other settings is not touched."""
    path = run / "settings.json"
    if fresh and path.is_file():
        shutil.rmtree(run)
    wanted = settings_hash(settings)
    if path.is_file():
        if json.loads(path.read_text(encoding="utf-8")).get("hash") != wanted:
            raise ArtefactError(
                f"{run} holds a run of other settings; choose another folder with --out, "
                "or add --fresh to replace it"
            )
    elif run.is_dir() and any(run.iterdir()):
        raise ArtefactError(f"{run} is not empty and holds no run; choose another folder with --out")
    write_json(path, {"format": 1, "kind": "settings", "hash": wanted, "settings": to_tree(settings)})


def _report(inputs: Inputs, known: int) -> None:
    for problem in inputs.problems[:known]:
        print(f"note: {problem}", file=sys.stderr)
    if unreadable := inputs.problems[known:]:
        print(f"{len(unreadable)} files could not be read and are left out", file=sys.stderr)


def _embed(pair: Pair, inputs: Inputs) -> Embeddings:
    test, gallery = inputs.test, inputs.gallery
    return Embeddings(
        np.array([item.id for item in test.items]),
        test.labels,
        pair.embed_sketches(test.data) if len(test) else np.empty((0, 0), np.float32),
        np.array([item.id for item in gallery.items]),
        gallery.labels,
        pair.embed_shapes(gallery.data, gallery.lines),
    )


def _figures(folder: Path, stamp: str) -> dict[str, Any]:
    scores = scores_of(load_embeddings(folder / "embeddings.npz", stamp))
    trained = json.loads((folder / "trained.json").read_text(encoding="utf-8"))
    per_class = {str(label): row for label, row in scores.per_class.items()}
    return {"scores": scores.to_json(), "per_class": per_class, **trained}


def _record(
    settings: Run,
    inputs: Inputs,
    summary: dict[str, Any],
    seeds: dict[str, Any],
    command: Sequence[str],
    prepared: float,
) -> dict[str, Any]:
    sizes = {
        "shapes": len(inputs.gallery),
        "learned_shapes": len(inputs.shapes),
        "train": len(inputs.train),
        "validation": len(inputs.validation),
        "test": len(inputs.test),
        **({} if inputs.words is None else {"words": len(inputs.words)}),
    }
    return {
        "name": settings.name,
        "command": " ".join(command),
        "version": VERSION,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "settings": to_tree(settings),
        "hash": digest(settings_hash(settings), inputs.digest),
        "classes": list(inputs.names),
        "dataset": {
            **summary,
            "layout": settings.data.layout,
            **sizes,
            "problems": list(inputs.problems),
        },
        "seconds_prepared": prepared,
        "seeds": seeds,
    }


def _write_items(run: Path, inputs: Inputs) -> None:
    def sketches(part: Part) -> dict[str, Any]:
        return {
            item.id: {"path": str(item.path.resolve()), "line": getattr(item, "line", None)}
            for item in part.items
        }

    gallery = {item.id: str(item.path.resolve()) for item in inputs.gallery.items}
    write_json(run / "items.json", {"queries": sketches(inputs.test), "gallery": gallery})
