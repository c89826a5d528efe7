"""The table of a comparison: what was measured, what the track published, what the paper prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sketchshape.bench.results import NAMES, Result, Results
from sketchshape.bench.tables.bootstrap import Interval, paired_bootstrap
from sketchshape.bench.tables.official import Official
from sketchshape.report.quoted import AP, PR20, quoted_rows, remark
from sketchshape.report.table import CLOSED

MEASURED, OFFICIAL, QUOTED = "measured", "official", "quoted"
PARTS = {"held-out": "of held-out shapes", "unseen": "of unseen classes"}


@dataclass(frozen=True)
class Row:
    """A line of the table; figures in percent.

    Args:
        label: the method.
        backbone: its network.
        source: where the figures are from, in words.
        kind: measured, official (statistics of the track) or quoted (from the paper).
        percent: the six measures; None for a method without a single trained seed.
        spread: sample standard deviations over the seeds; None for one seed and for what is not measured.
        map_kind: what the mAP column means.
        delta: mAP minus that of the baseline, with its interval.
        seconds: of training, mean over the seeds.
        peak_mb: most memory of the training process, mean over the seeds.
        also: protocol -> mAP of the same networks, asked what that protocol asks.
    """

    label: str
    backbone: str
    source: str
    kind: str
    percent: tuple[float, ...] | None
    spread: tuple[float, ...] | None = None
    map_kind: str = AP
    delta: Interval | None = None
    seconds: float | None = None
    peak_mb: float | None = None
    also: dict[str, float] = field(default_factory=dict)


def table_rows(results: Results, official: Sequence[Official] = ()) -> list[Row]:
    """Put the methods that were tried first, then the official statistics, then the paper's rows.

    Args:
        results: the comparison, as far as it is trained.
        official: statistics of the track's entries.

    Returns:
        The rows.
    """
    own = [_measured(results, method) for method in results.methods if method.seeds or method.failures]
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
    printed = [
        Row(
            one.method, one.backbone, f"quoted, Table {one.table}", QUOTED, one.percent, map_kind=one.map_kind
        )
        for one in quoted_rows(results.bench.run.data.layout)
    ]
    return [*own, *track, *printed]


def difference(results: Results, method: Result) -> Interval | None:
    """Compare the AP of a method with the baseline's, query by query, over the seeds that both have.

    Returns:
        The difference of their mAP as fractions; None for the baseline itself, and without common seeds.
    """
    base = results.baseline
    if base is None or base is method:
        return None
    seeds = tuple(seed for seed in method.seeds if seed in base.seeds)
    if not seeds:
        return None
    return paired_bootstrap(method.precision(seeds) - base.precision(seeds))


def notes(results: Results, rows: Sequence[Row]) -> list[str]:
    """Give the sentences that belong below the table."""
    run, baseline = results.bench.run, results.bench.baseline
    layout = run.data.layout
    found = [f"Measured rows: {_setup(results)}"]
    if any(row.spread is not None for row in rows):
        found.append("± is one sample standard deviation over the seeds.")
    if any(row.delta is not None for row in rows):
        found.append(
            f"Δ mAP is the difference to {baseline} with its paired bootstrap 95 % interval: queries are "
            "drawn anew 10,000 times, AP is averaged over the seeds; an interval without 0 is set in bold."
        )
    found.append("Seconds are those of training; MB is the most memory of its process, features included.")
    found += [f"{method.entry.label}: {method.entry.note}" for method in results.methods if method.entry.note]
    if any(row.kind == OFFICIAL for row in rows):
        found.append("Official: published statistics of the SHREC'13 track, not measured here.")
    if any(row.kind == QUOTED for row in rows):
        found += ["Quoted: as printed in [CGN], not measured here.", remark(layout)]
        found.append(CLOSED if run.data.protocol != "closed" else "")
    if any(row.map_kind == PR20 for row in rows):
        found.append("* The mAP column has the mean of the 20-point precision-recall curve, another number.")
    return [note for note in found if note]


def problems(results: Results) -> list[str]:
    """Name each training that diverged, failed, or is not there."""
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


def best(rows: Sequence[Row]) -> list[set[int]]:
    """Find the measured rows with the highest figure of each measure, to the decimal that is shown."""
    own = [(place, row.percent) for place, row in enumerate(rows) if row.kind == MEASURED and row.percent]
    columns = []
    for column in range(len(NAMES)):
        shown = {place: round(percent[column], 1) for place, percent in own}
        columns.append({place for place, value in shown.items() if value == max(shown.values())})
    return columns


def _measured(results: Results, method: Result) -> Row:
    backbone, seeds = results.bench.run.backbone.name, results.bench.seeds
    label = method.entry.label
    if not method.seeds:
        status = ", ".join(sorted({str(one["status"]) for one in method.failures.values()}))
        return Row(label, backbone, status, MEASURED, None)
    scores = 100 * method.scores()
    several, count = len(scores) > 1, len(method.seeds)
    counted = f"{count} of {len(seeds)} seeds" if count < len(seeds) else f"{count} seeds"
    delta = difference(results, method)
    return Row(
        label,
        backbone,
        f"measured, {counted}" if len(seeds) > 1 else "measured, one seed",
        MEASURED,
        tuple(scores.mean(axis=0).tolist()),
        tuple(scores.std(axis=0, ddof=1).tolist()) if several else None,
        delta=Interval(100 * delta.mean, 100 * delta.low, 100 * delta.high) if delta else None,
        seconds=method.mean("seconds"),
        peak_mb=method.mean("peak_mb"),
        also={part: float(np.mean(100 * method.scores(part)[:, -1])) for part in results.facts["parts"]},
    )


def _setup(results: Results) -> str:
    facts, run = results.facts, results.bench.run
    sizes = facts["sizes"]
    return (
        f"{run.data.layout}, protocol {run.data.protocol}, the same frozen features of {run.backbone.name}; "
        f"{sizes['test']} test sketches rank {sizes['gallery']} shapes; learned from {sizes['train']} "
        f"sketches and {sizes['shapes']} shapes of {facts['learned_classes']} classes."
    )
