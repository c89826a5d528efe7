"""The rows of a comparison: each method beside the baseline, then what was published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sketchshape.bench.results import Result, Results
from sketchshape.bench.tables.differences import LEVEL_TEXT, differences
from sketchshape.bench.tables.official import Official
from sketchshape.config.backbone import names_shown
from sketchshape.metrics import NAMES
from sketchshape.report.quoted import quoted_rows
from sketchshape.report.rows import counted, notes
from sketchshape.report.table import MEASURED, OFFICIAL, PR20, Interval, Row, Table


def bench_table(results: Results, official: Sequence[Official] = ()) -> Table:
    """Put the methods that were tried first, then the official statistics, then the paper's rows.

    Args:
        results: the comparison, as far as it is trained.
        official: statistics of the track's entries.
    """
    bench = results.bench
    deltas = differences(results)
    own = [
        _measured(results, method, deltas.get(method.entry.label, {}))
        for method in results.methods
        if method.seeds or method.failures
    ]
    track = [
        Row(
            one.name,
            "-",
            f"official statistics, {len(one.per_query)} queries",
            OFFICIAL,
            (*(100 * one.per_query.mean(axis=0)).tolist(), 100 * float(one.pr.mean())),
            map_kind=PR20,
        )
        for one in official
    ]
    rows = [*own, *track, *quoted_rows(bench.run.data.layout)]
    title = f"{bench.name}, percent, protocol {bench.run.data.protocol}"
    remarks, problems = _remarks(results, rows), _problems(results)
    return Table(title, rows, bench.baselines[0], remarks, problems, bench.baselines)


def _remarks(results: Results, rows: Sequence[Row]) -> list[str]:
    data, (main, *others) = results.bench.run.data, results.bench.baselines
    found = [f"Measured rows: {_setup(results)}"]
    if any(row.deltas for row in rows):
        more = "".join(f", Δ mAP to {one} that to {one}" for one in others)
        found.append(f"Δ mAP is the difference to {main}{more}, {LEVEL_TEXT}")
    if any(row.searched for row in rows):
        found.append(
            "Searched: settings that were tried on validation sketches, and the seconds of training."
        )
    found.append("Seconds are those of training; MB is the most memory of its process, features included.")
    found += [f"{method.entry.label}: {method.entry.note}" for method in results.methods if method.entry.note]
    return [*found, *notes(rows, data.layout, data.protocol)]


def _problems(results: Results) -> list[str]:
    found = [
        f"{method.entry.label}, seed {seed}: {record['status']}: {record['reason']}"
        for method in results.methods
        for seed, record in method.failures.items()
    ]
    found += [
        f"{method.entry.label}: not trained yet with seed {', '.join(map(str, method.missing))}"
        for method in results.methods
        if method.missing and (method.seeds or method.failures)
    ]
    untried = [one.entry.label for one in results.methods if not one.seeds and not one.failures]
    return [*found, f"not trained yet: {'; '.join(untried)}"] if untried else found


def to_json(results: Results, table: Table) -> dict[str, Any]:
    """Give the measured rows as fractions, with the differences to the baseline and what is missing."""
    return {
        "name": results.bench.name,
        "baseline": results.bench.baselines[0],
        "protocol": results.bench.run.data.protocol,
        "methods": {
            row.method: _fractions(row, results.bench.baselines)
            for row in table.rows
            if row.kind == MEASURED and row.percent
        },
        "problems": list(table.problems),
    }


def _measured(results: Results, method: Result, deltas: Mapping[str, Interval]) -> Row:
    backbone, seeds = names_shown(results.bench.run.backbone.name), results.bench.seeds
    label = method.entry.label
    if not method.seeds:
        status = ", ".join(sorted({str(one["status"]) for one in method.failures.values()}))
        return Row(label, backbone, status, MEASURED, None)
    scores, had = 100 * method.scores(), method.entry.searched
    return Row(
        label,
        backbone,
        counted(len(scores), len(seeds)),
        MEASURED,
        tuple(scores.mean(axis=0).tolist()),
        tuple(scores.std(axis=0, ddof=1).tolist()) if len(scores) > 1 else None,
        deltas={base: one.times(100) for base, one in deltas.items()},
        seconds=method.mean("seconds"),
        peak_mb=method.mean("peak_mb"),
        searched=(had.settings, had.seconds) if had.settings else None,
        also={part: float(np.mean(100 * method.scores(part)[:, -1])) for part in results.facts["parts"]},
    )


def _setup(results: Results) -> str:
    facts, run = results.facts, results.bench.run
    sizes = facts["sizes"]
    return (
        f"{run.data.layout}, protocol {run.data.protocol}, the same frozen features of "
        f"{names_shown(run.backbone.name)}; "
        f"{sizes['test']} test sketches rank {sizes['gallery']} shapes; learned from {sizes['train']} "
        f"sketches and {sizes['shapes']} shapes of {facts['learned_classes']} classes."
    )


def _fractions(row: Row, baselines: Sequence[str]) -> dict[str, Any]:
    spread = row.spread or [None] * len(NAMES)
    main, *others = [vars(row.deltas[one].times(0.01)) if one in row.deltas else None for one in baselines]
    return {
        **{name: value / 100 for name, value in zip(NAMES, row.percent or (), strict=True)},
        "spread": {
            name: value / 100 if value is not None else None
            for name, value in zip(NAMES, spread, strict=True)
        },
        "delta_mAP": main,
        **{f"delta_mAP to {name}": one for name, one in zip(baselines[1:], others, strict=True)},
        "seconds": row.seconds,
        "peak_mb": row.peak_mb,
        **({"searched": {"settings": row.searched[0], "seconds": row.searched[1]}} if row.searched else {}),
        "also": {name: value / 100 for name, value in row.also.items()},
    }
