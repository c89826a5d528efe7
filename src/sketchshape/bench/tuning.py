"""The same budget for every method: settings drawn at random, compared on the validation sketches."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.bench.cells import DONE, Cell
from sketchshape.bench.plan import Bench, Budget, Entry
from sketchshape.bench.run import INPUTS, Say, claim, prepare, train
from sketchshape.config.run import RunSettings
from sketchshape.files import digest, write_text

FOLDER = "search"
Changes = dict[str, Any]


def search(
    bench: Bench,
    out: Path,
    *,
    only: Sequence[str] = (),
    jobs: int = 1,
    workers: int | None = None,
    say: Say = print,
) -> int:
    """Try settings of each method and write the best: OUT/search.csv and OUT/chosen.toml.

    Every method gets as many settings as every other, its own of the file first; all are trained with seed 0
    on what remains of the training sketches, and ranked by mAP on the others. Test sketches are not looked
    at. It goes on where it was stopped.

    Args:
        bench: the comparison, with its budget and the values to draw from.
        out: folder of the results.
        only: labels of the methods; empty means all.
        jobs: trainings at a time.
        workers: processes that render.
        say: takes a line of progress.

    Returns:
        How many trainings diverged or failed.
    """
    entries = bench.chosen(only)
    claim(bench, out)
    run = replace(bench.run, data=replace(bench.run.data, validation=bench.search.validation))
    prepared = replace(bench.prepared, data=run.data)
    facts = prepare(prepared, out / INPUTS, workers=workers, say=say)
    sizes = facts["sizes"]
    say(f"validation: {sizes['validation']} sketches; left for training: {sizes['train']}")
    tried = {entry.label: draws(entry, run, bench.search) for entry in entries}
    cells = {
        entry.label: [
            Cell(
                out / FOLDER / entry.slug / f"setting-{number}",
                entry.label,
                entry.run(run, changes),
                0,
                facts["data"],
                "validation",
            )
            for number, changes in enumerate(tried[entry.label])
        ]
        for entry in entries
    }
    train([cell for own in cells.values() for cell in own], out / INPUTS, jobs, say)
    records = {label: [cell.record() or {} for cell in own] for label, own in cells.items()}
    write_text(out / "search.csv", search_table(tried, records))
    write_text(out / "chosen.toml", chosen_toml(entries, tried, records))
    return sum(record.get("status") != DONE for own in records.values() for record in own)


def draws(entry: Entry, run: RunSettings, plan: Budget) -> list[Changes]:
    """Draw the settings of a method: none changed first, then others, no two the same.

    Args:
        entry: the method with the values to draw from.
        run: what is the same for all methods.
        plan: how many, and the seed.

    Returns:
        What is changed in each; less than the budget only where there are no more.
    """
    names, own = list(entry.values), entry.run(run)
    grid = [dict(zip(names, values, strict=True)) for values in product(*entry.values.values())]
    others = [one for one in grid if entry.run(run, one) != own]
    random = np.random.default_rng([plan.seed, int(digest("search", entry.label)[:8], 16)])
    order = random.permutation(len(others))[: plan.budget - 1]
    return [{}, *(others[index] for index in order)]


def search_table(
    tried: Mapping[str, Sequence[Changes]], records: Mapping[str, Sequence[Mapping[str, Any]]]
) -> str:
    """Write every setting with its figures as CSV, best first within a method."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["method", "setting", "status", "validation_mAP", "validation_NN", "seconds", "changed"])
    for label, changes in tried.items():
        for number in _best_first(records[label]):
            record = records[label][number]
            scores = record.get("scores", {})
            figures = [scores.get("mAP", ""), scores.get("NN", ""), record.get("seconds", "")]
            status = record.get("status", "missing")
            writer.writerow([label, number, status, *figures, json.dumps(changes[number])])
    return stream.getvalue()


def chosen_toml(
    entries: Sequence[Entry],
    tried: Mapping[str, Sequence[Changes]],
    records: Mapping[str, Sequence[Mapping[str, Any]]],
) -> str:
    """Write the best setting of each method as the tables of a comparison."""
    blocks = []
    for entry in entries:
        own = records[entry.label]
        best = _best_first(own)[0]
        done = own[best].get("status") == DONE
        said = f"validation mAP {100 * own[best]['scores']['mAP']:.1f}" if done else "none could be trained"
        settings, options = entry.changed(tried[entry.label][best] if done else None)
        lines = [f"[[methods]]  # setting {best} of {len(own)}: {said}"]
        named = {"label": entry.label, "method": entry.method, "note": entry.note}
        lines += [f"{key} = {_toml(value)}" for key, value in named.items() if value]
        for section, values in (("settings", settings), ("options", options), ("search", entry.values)):
            if values:
                lines += [f"[methods.{section}]", *(f"{key} = {_toml(v)}" for key, v in values.items())]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def _best_first(records: Sequence[Mapping[str, Any]]) -> list[int]:
    def rank(number: int) -> tuple[float, int]:
        done = records[number].get("status") == DONE
        return (-records[number]["scores"]["mAP"] if done else 1.0, number)

    return sorted(range(len(records)), key=rank)


def _toml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)  # the same text for numbers, strings, booleans and lists
