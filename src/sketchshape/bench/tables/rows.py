"""The rows of a comparison: each method beside the baseline, then what was published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sketchshape.bench.plan import TEST
from sketchshape.bench.results import Result, Results
from sketchshape.bench.tables.differences import differences
from sketchshape.bench.tables.official import Official
from sketchshape.bench.tables.remarks import problems, remarks
from sketchshape.config.backbone import names_shown
from sketchshape.metrics import NAMES
from sketchshape.report.quoted import quoted_rows
from sketchshape.report.rows import counted
from sketchshape.report.table import MEASURED, OFFICIAL, PR20, Interval, Row, Table


def bench_table(results: Results, official: Sequence[Official] = ()) -> Table:
    """Put what was tried first, group by group, then the official statistics, then the paper's rows.

    Args:
        results: the comparison, as far as it is trained.
        official: statistics of the track's entries, of which some are for the curves only.
    """
    bench = results.bench
    deltas = differences(results)
    own = [
        _measured(results, method, deltas.get(method.entry.label, {}))
        for group in bench.groups
        for method in results.methods
        if method.entry.group == group and (method.seeds or method.failures)
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
        if one.listed
    ]
    test = bench.asks == TEST
    rows = [*own, *track, *quoted_rows(bench.run.data.layout)] if test else own
    whose = "" if test else ", validation sketches"
    title = f"{bench.name}, percent, protocol {bench.run.data.protocol}{whose}"
    below = remarks(results, rows), problems(results, official)
    return Table(title, rows, bench.baselines[0], *below, bench.baselines)


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
    label, had = method.entry.label, method.entry.searched
    searched = (had.settings, had.seconds) if had.settings else None
    if not method.seeds:
        status = ", ".join(sorted({str(one["status"]) for one in method.failures.values()}))
        return Row(label, backbone, status, MEASURED, None, searched=searched, group=method.entry.group)
    scores = 100 * method.scores()
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
        searched=searched,
        group=method.entry.group,
        also={part: float(np.mean(100 * method.scores(part)[:, -1])) for part in results.parts},
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
        **({"group": row.group} if row.group else {}),
        "seconds": row.seconds,
        "peak_mb": row.peak_mb,
        **({"searched": {"settings": row.searched[0], "seconds": row.searched[1]}} if row.searched else {}),
        "also": {name: value / 100 for name, value in row.also.items()},
    }
