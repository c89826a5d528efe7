"""What a comparison has so far: the cells that belong to its file, read back and averaged over the seeds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.bench.cells import DONE, load_queries, read_record
from sketchshape.bench.plan import TEST, Bench, Entry
from sketchshape.errors import ArtefactError
from sketchshape.metrics import NAMES, PerQuery
from sketchshape.runs.identity import identity
from sketchshape.types import F64, I64

RECORD, CELLS = "bench.json", "cells"
FORMAT = 2


@dataclass(frozen=True, eq=False)
class Trained:
    """A method with one seed.

    Args:
        record: scores, seconds and memory.
        per_query: figures of each query.
        labels: (N,) class of each query.
    """

    record: Mapping[str, Any]
    per_query: PerQuery
    labels: I64


@dataclass(frozen=True, eq=False)
class Result:
    """A method with all its seeds.

    Args:
        entry: of the comparison.
        seeds: those that are trained.
        failures: seed -> the record of a training that diverged or failed.
        missing: seeds that are not trained yet.
    """

    entry: Entry
    seeds: Mapping[int, Trained]
    failures: Mapping[int, Mapping[str, Any]]
    missing: tuple[int, ...]

    def scores(self, part: str = "") -> F64:
        """Give the six measures of each seed: (seeds, 6) fractions; of a part that another protocol asks."""
        found = [one.record["also"][part] if part else one.record["scores"] for one in self.seeds.values()]
        return np.asarray([[one[name] for name in NAMES] for one in found], np.float64)

    @cached_property
    def curve(self) -> F64:
        """The mean precision-recall curve: (20,), NaN where no query counts."""
        curves = [one.record["scores"]["PR"] for one in self.seeds.values()]
        return np.asarray(np.mean(np.array(curves, np.float64), axis=0))

    @cached_property
    def precision(self) -> F64:
        """The AP of each query with each seed: (seeds, N)."""
        return np.asarray([one.per_query.map for one in self.seeds.values()], np.float64)

    @property
    def labels(self) -> I64:
        """The class of each query: (N,)."""
        return next(iter(self.seeds.values())).labels

    def by_class(self) -> dict[int, float]:
        """Give the mean AP of the queries of each label."""
        labels, precision = self.labels, self.precision.mean(axis=0)
        return {int(label): float(precision[labels == label].mean()) for label in np.unique(labels)}

    def mean(self, name: str) -> float:
        """Average a figure of the records, such as seconds, over the seeds."""
        return float(np.mean([one.record[name] for one in self.seeds.values()]))


@dataclass(frozen=True, eq=False)
class Results:
    """A comparison, as far as it is trained.

    Args:
        bench: its file.
        facts: the content of bench.json.
        methods: in the order of the file.
    """

    bench: Bench
    facts: Mapping[str, Any]
    methods: tuple[Result, ...]

    @property
    def parts(self) -> list[str]:
        """The protocols whose part of the test was measured too; none where validation sketches ask."""
        return list(self.facts["parts"]) if self.bench.asks == TEST else []

    @property
    def trained(self) -> list[Result]:
        """The methods that have at least one seed."""
        return [method for method in self.methods if method.seeds]

    @property
    def baseline(self) -> Result | None:
        """The main method that differences are taken to; None where it is not trained."""
        return next((one for one in self.trained if one.entry.label == self.bench.baselines[0]), None)

    def group(self, name: str) -> list[Result]:
        """The methods of a group that have at least one seed."""
        return [method for method in self.trained if method.entry.group == name]

    @property
    def comparable(self) -> bool:
        """Whether another method of its group stands beside the baseline."""
        return self.baseline is not None and len(self.group(self.baseline.entry.group)) > 1

    @property
    def classes(self) -> list[str]:
        """Class names, by label."""
        return list(self.facts["classes"])


def cell_folder(out: Path, entry: Entry, seed: int) -> Path:
    """Name the folder of a training."""
    return out / CELLS / entry.slug / f"seed-{seed}"


def read_facts(out: Path) -> dict[str, Any]:
    """Read bench.json.

    Raises:
        ArtefactError: it is not there or not readable.
    """
    path = out / RECORD
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArtefactError(f"{path}: not readable ({error}); run the bench first") from None
    if not isinstance(facts, dict) or facts.get("kind") != "bench" or facts.get("format") != FORMAT:
        raise ArtefactError(f"{path}: not of a comparison of format {FORMAT}; choose another --out")
    return facts


def read_results(bench: Bench, out: Path) -> Results:
    """Read what is trained of a comparison; what belongs to other settings or data counts as missing.

    Args:
        bench: the comparison.
        out: its folder.

    Returns:
        All methods, those with nothing trained too.

    Raises:
        ArtefactError: the folder holds another comparison, or a file is damaged.
    """
    facts = read_facts(out)
    if facts["settings"] != identity(bench.run) or facts.get("asks", TEST) != bench.asks:
        raise ArtefactError(f"{out} holds a comparison with other settings; choose another --out")
    methods = tuple(_result(bench, entry, out, facts) for entry in bench.methods)
    return Results(bench, facts, methods)


def _result(bench: Bench, entry: Entry, out: Path, facts: Mapping[str, Any]) -> Result:
    own = {"settings": identity(entry.run(bench.run)), "data": facts["data"]}
    seeds, failures, missing = {}, {}, []
    for seed in bench.seeds:
        folder = cell_folder(out, entry, seed)
        record = read_record(folder)
        if record is None or any(record[name] != value for name, value in own.items()):
            missing.append(seed)
        elif record["status"] == DONE:
            seeds[seed] = Trained(record, *load_queries(folder, record["key"]))
        else:
            failures[seed] = record
    return Result(entry, seeds, failures, tuple(missing))
