"""What is to be known below the table of a comparison."""

from __future__ import annotations

from collections.abc import Sequence

from sketchshape.bench.plan import TEST, VALIDATION
from sketchshape.bench.results import Results
from sketchshape.bench.tables.differences import LEVEL_TEXT
from sketchshape.bench.tables.official import Official
from sketchshape.config.backbone import names_shown
from sketchshape.report.rows import notes
from sketchshape.report.table import Row


def remarks(results: Results, rows: Sequence[Row]) -> list[str]:
    """Give the sentences below a table.

    Args:
        results: the comparison.
        rows: of the table.
    """
    bench, methods = results.bench, results.methods
    main, *others = bench.baselines
    found = [f"Measured rows: {_setup(results)}", *_looks(results)]
    if any(row.deltas for row in rows):
        more = "".join(f", Δ mAP to {one} that to {one}" for one in others)
        found.append(f"Δ mAP is the difference to {main}{more}, {LEVEL_TEXT}")
    if len(bench.groups) > 1:
        found.append("Differences, their correction and the best figures in bold are within a group.")
    if any(row.searched for row in rows):
        found.append("Searched: settings tried on validation sketches, and the seconds of training them.")
    found.append("Seconds are those of training; MB is the most memory of its process, features included.")
    found += [f"{method.entry.label}: {method.entry.note}" for method in methods if method.entry.note]
    return [*found, *notes(rows, bench.run.data.layout, bench.run.data.protocol)]


def problems(results: Results, official: Sequence[Official] = ()) -> list[str]:
    """Name what is not in the figures.

    Args:
        results: the comparison.
        official: entries of the track; one that could not be read is named.
    """
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
    found += [f"not trained yet: {'; '.join(untried)}"] if untried else []
    return found + [f"official curve of {one.name}: {one.problem}" for one in official if one.problem]


def _looks(results: Results) -> list[str]:
    """Say how often test sketches were looked at: of all rows, and of those that differ."""
    bench = results.bench
    if bench.asks == VALIDATION:
        return ["They learned from the other training sketches. No test sketch was looked at."]
    said = [("", bench.looks)] if bench.looks else []
    said += [
        (f"{entry.label}: ", entry.looks)
        for entry in bench.methods
        if entry.looks and entry.looks != bench.looks
    ]
    return [
        f"{whose}Test sketches were looked at {'once' if looks == 1 else f'{looks} times'} with this recipe."
        for whose, looks in said
    ]


def _setup(results: Results) -> str:
    facts, run = results.facts, results.bench.run
    sizes, asks = facts["sizes"], results.bench.asks
    ranked = "gallery" if asks == TEST else "validation_gallery"
    return (
        f"{run.data.layout}, protocol {run.data.protocol}, the same frozen features of "
        f"{names_shown(run.backbone.name)}; "
        f"{sizes[asks]} {asks} sketches rank {sizes[ranked]} shapes; learned from {sizes['train']} "
        f"sketches and {sizes['shapes']} shapes of {facts['learned_classes']} classes."
    )
