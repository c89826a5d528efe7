"""All methods with all seeds on the same features: what `sketchshape bench` does."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sketchshape.bench.cells import DONE, Cell
from sketchshape.bench.features_folder import PARTS, TEACHERS, save_inputs
from sketchshape.bench.parts import other_protocols
from sketchshape.bench.plan import TEST, Bench, Entry
from sketchshape.bench.results import FORMAT, RECORD, cell_folder, read_facts
from sketchshape.bench.runner import Runner, cores
from sketchshape.config import to_tree
from sketchshape.config.run import RunSettings
from sketchshape.datasets import load_dataset
from sketchshape.errors import ArtefactError
from sketchshape.files import write_json
from sketchshape.resources import VERSION
from sketchshape.runs.identity import identity
from sketchshape.train.data.inputs import prepare_inputs
from sketchshape.train.data.preparer import Preparer

INPUTS = ".inputs"
SEARCHED = (INPUTS, TEACHERS, "search", "search.csv", "chosen.toml")  # what a search leaves
Say = Callable[[str], None]


def run_bench(
    bench: Bench,
    out: Path,
    *,
    only: Sequence[str] = (),
    jobs: int = 1,
    workers: int | None = None,
    say: Say = print,
    command: str = "",
) -> int:
    """Compute the features once, then train and measure what is not done yet.

    Args:
        bench: the comparison.
        out: folder of its results.
        only: labels of the methods that are trained; empty means all.
        jobs: trainings at a time.
        workers: processes that render; None is all cores.
        say: takes a line of progress.
        command: the command line, for the record.

    Returns:
        How many trainings diverged or failed.

    Raises:
        UsageError: `only` has an unknown label.
        ArtefactError: the folder holds something else.
        DatasetError: the data set is not there, or nothing in it can be read.
        KeyboardInterrupt: Ctrl-C; what is done is kept, and the same call goes on.
    """
    entries = bench.chosen(only)
    claim(bench, out)
    facts = prepare(bench.prepared, out / INPUTS, workers=workers, say=say)
    _write_facts(bench, out, facts, command)
    cells = [_cell(bench, entry, out, seed, facts["data"]) for seed in bench.seeds for entry in entries]
    records = train(cells, out / INPUTS, jobs, say)
    shutil.rmtree(out / INPUTS, ignore_errors=True)  # all have been tried
    return sum(record["status"] != DONE for record in records)


def claim(bench: Bench, out: Path) -> None:
    """Make sure that a folder is free or holds this comparison.

    Raises:
        ArtefactError: it holds something else.
    """
    if (out / RECORD).is_file():
        facts = read_facts(out)
        if facts["settings"] != identity(bench.run) or facts.get("asks", TEST) != bench.asks:
            raise ArtefactError(f"{out} holds a comparison with other settings; choose another with --out")
    elif out.is_dir() and any(path.name not in SEARCHED for path in out.iterdir()):
        raise ArtefactError(f"{out} is not empty and holds no comparison; choose another folder with --out")


def prepare(run: RunSettings, folder: Path, *, workers: int | None, say: Say) -> dict[str, Any]:
    """Compute the features of a data set and put them where the workers find them.

    Args:
        run: which data, views and backbone.
        folder: where the features go; it can be removed when all is trained.
        workers: processes that render.
        say: takes what could not be read.

    Returns:
        Classes, sizes and problems of the data, and the hash `data` of all arrays.
    """
    dataset = load_dataset(run.data.layout, run.data.path, sources=run.data.sources)
    inputs = prepare_inputs(dataset, Preparer(run, workers=workers))
    for problem in inputs.problems:
        say(f"note: {problem}")
    save_inputs(inputs, folder)
    parts = other_protocols(dataset, inputs, run.data)
    lists = {name: {key: rows.tolist() for key, rows in vars(part).items()} for name, part in parts.items()}
    write_json(folder / "parts.json", lists)
    sizes = {name: len(getattr(inputs, name)) for name in (*PARTS, "validation_gallery")}
    return {
        "classes": list(inputs.names),
        "learned_classes": len(inputs.classes),
        "sizes": sizes,
        "parts": {name: {"test": len(p.queries), "gallery": len(p.gallery)} for name, p in parts.items()},
        "problems": list(inputs.problems),
        "data": inputs.digest,
    }


def train(cells: Sequence[Cell], inputs: Path, jobs: int, say: Say) -> list[dict[str, Any]]:
    """Train cells that are not done, and give the record of each."""
    gc.collect()  # the features of this process are not needed any more
    return Runner(inputs, jobs, say).run(cells)


def _cell(bench: Bench, entry: Entry, out: Path, seed: int, data: str) -> Cell:
    return Cell(cell_folder(out, entry, seed), entry.label, entry.run(bench.run), seed, data, bench.asks)


def _write_facts(bench: Bench, out: Path, facts: dict[str, Any], command: str) -> None:
    write_json(
        out / RECORD,
        {
            "format": FORMAT,
            "kind": "bench",
            "name": bench.name,
            "version": VERSION,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": command,
            "cores": cores(),
            "settings": identity(bench.run),
            "asks": bench.asks,
            "run": to_tree(bench.run),
            **facts,
        },
    )
