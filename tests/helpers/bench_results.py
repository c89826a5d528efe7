"""Results of a comparison that was never trained: AP of a baseline, noise, and what each method adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sketchshape.bench.plan import Bench, Entry
from sketchshape.bench.results import Result, Results, Trained
from sketchshape.metrics import MEASURES, NAMES, PerQuery

CLASSES, EACH = ("box", "plate", "rod", "tube", "vase"), 6


def pretended(
    gains: Mapping[str, float],
    baseline: str | tuple[str, ...] = "CGN",
    *,
    seeds: Mapping[str, Sequence[int]] | None = None,
    entries: Mapping[str, Mapping[str, Any]] | None = None,
    **bench: Any,
) -> Results:
    """Make results.

    Args:
        gains: label -> what is added to the AP of all queries, about 0.5.
        baseline: of the comparison.
        seeds: label -> seeds, where they are not 0 and 1.
        entries: label -> what the row says beside its label.
        **bench: what the comparison says beside its rows.

    Returns:
        The results, of 30 queries.
    """
    random, labels = np.random.default_rng(0), np.repeat(np.arange(len(CLASSES)), EACH)
    common = random.normal(0.5, 0.1, len(labels))
    rows = [Entry(label, "cgn", **(entries or {}).get(label, {})) for label in gains]
    methods = []
    for row, gain in zip(rows, gains.values(), strict=True):
        own = {}
        for seed in (seeds or {}).get(row.label, (0, 1)):
            precision = common + gain + random.normal(0, 0.05, len(labels))
            columns = dict.fromkeys(MEASURES, precision)
            per_query = PerQuery(np.arange(len(labels)), **columns, pr=np.tile(precision[:, None], 20))
            scores = {**dict.fromkeys(NAMES, float(precision.mean())), "PR": np.linspace(1, gain, 20)}
            own[seed] = Trained({"scores": scores, "seconds": 3.0, "peak_mb": 90.0}, per_query, labels)
        methods.append(Result(row, own, {}, ()))
    plan = replace(Bench(), baseline=baseline, seeds=(0, 1), methods=tuple(rows), **bench)
    return Results(plan, FACTS, tuple(methods))


FACTS = {
    "name": "small",
    "classes": list(CLASSES),
    "learned_classes": len(CLASSES),
    "sizes": {"test": len(CLASSES) * EACH, "gallery": 10, "train": 20, "shapes": 10},
    "parts": {},
    "problems": [],
    "version": "1",
    "created": "today",
    "cores": 2,
    "command": "sketchshape bench small.toml",
}
