"""The same budget for every method: settings drawn at random, compared on the validation sketches."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice, product
from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.bench.budget import Budget
from sketchshape.bench.cells import DONE, Cell
from sketchshape.bench.plan import Bench, Entry
from sketchshape.bench.run import INPUTS, Say, claim, prepare, train
from sketchshape.config.run import RunSettings
from sketchshape.files import digest, write_text

FOLDER = "search"
Changes = dict[str, Any]
Record = Mapping[str, Any]


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

    Every method gets as many settings and seconds as every other, its own setting of the file first; all are
    trained with seed 0 on what remains of the training sketches, and ranked by mAP on the others. Test
    sketches are not looked at. It goes on where it was stopped, and the seconds that were recorded count.

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
    records = within(cells, bench.search.seconds, lambda some: train(some, out / INPUTS, jobs, say))
    shutil.rmtree(out / INPUTS, ignore_errors=True)
    for label, own in records.items():
        if len(own) < len(cells[label]):
            say(f"{label}: {len(own)} of {len(cells[label])} settings took {spent(own):.0f} s; no more begun")
    tried = {label: tried[label][: len(own)] for label, own in records.items()}
    write_text(out / "search.csv", search_table(tried, records))
    write_text(out / "chosen.toml", chosen_toml(entries, tried, records))
    return sum(record.get("status") != DONE for own in records.values() for record in own)


def within(
    cells: Mapping[str, Sequence[Cell]],
    seconds: float,
    train: Callable[[Sequence[Cell]], Sequence[Record]],
) -> dict[str, list[Record]]:
    """Train the settings of each method in their order, until its seconds are used up.

    Args:
        cells: label -> its settings.
        seconds: of training that each method has; 0 is no limit.
        train: trains cells that are not done, and gives the record of each.

    Returns:
        Label -> the records of the settings that were begun: all without a limit, else the first ones. With a
        limit, a setting waits for those before it, so that it does not hang on how many are trained at a
        time whether it is begun.
    """
    found: dict[str, list[Record]] = {label: [] for label in cells}
    while waiting := {
        label: own[len(found[label]) :][: 1 if seconds else None]
        for label, own in cells.items()
        if len(found[label]) < len(own) and (not seconds or spent(found[label]) < seconds)
    }:
        records = iter(train([cell for own in waiting.values() for cell in own]))
        for label, own in waiting.items():
            found[label] += islice(records, len(own))
    return found


def spent(records: Sequence[Record]) -> float:
    """Add up the seconds of training; of one that diverged or failed all that it ran, reading data too."""
    return sum(float(record.get("seconds", record.get("wall_seconds", 0.0))) for record in records)


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


def search_table(tried: Mapping[str, Sequence[Changes]], records: Mapping[str, Sequence[Record]]) -> str:
    """Write every setting with its figures as CSV, best first within a method."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["method", "setting", "status", "validation_mAP", "validation_NN", "seconds", "changed"])
    for label, changes in tried.items():
        for number in _best_first(records[label]):
            record = records[label][number]
            scores = record.get("scores", {})
            figures = [scores.get("mAP", ""), scores.get("NN", ""), spent([record]) or ""]
            status = record.get("status", "missing")
            writer.writerow([label, number, status, *figures, json.dumps(changes[number])])
    return stream.getvalue()


def chosen_toml(
    entries: Sequence[Entry],
    tried: Mapping[str, Sequence[Changes]],
    records: Mapping[str, Sequence[Record]],
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
        named = {key: getattr(entry, key) for key in ("label", "method", "note", "group", "looks")}
        lines += [f"{key} = {_toml(value)}" for key, value in named.items() if value]
        had = {"settings": len(own), "seconds": round(spent(own), 1)}
        if done:
            had["validation"] = round(own[best]["scores"]["mAP"], 4)
        sections = {"settings": settings, "options": options, "search": entry.values, "searched": had}
        for section, values in sections.items():
            if values:
                lines += [f"[methods.{section}]", *(f"{key} = {_toml(v)}" for key, v in values.items())]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def _best_first(records: Sequence[Record]) -> list[int]:
    def rank(number: int) -> tuple[float, int]:
        done = records[number].get("status") == DONE
        return (-records[number]["scores"]["mAP"] if done else 1.0, number)

    return sorted(range(len(records)), key=rank)


def _toml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)  # the same text for numbers, strings, booleans and lists
