"""The page of a comparison: what it says beside its table and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sketchshape.bench.plan import Entry, flat
from sketchshape.bench.results import Results
from sketchshape.bench.tables.pictures import class_differences
from sketchshape.config import to_tree
from sketchshape.config.backbone import names_shown
from sketchshape.report.formats import also_table
from sketchshape.report.page import LIMITS, Picture, command_text, settings_text
from sketchshape.report.table import MEASURED, Table
from sketchshape.train.methods import options_of

OTHERS = (
    "All methods work on the same frozen features; methods whose publication trains its own convolutions may "
    "do better or worse with them.",
    "An interval says how much hangs on the choice of classes, queries and seeds. It knows no trainings but "
    "these: few seeds say little of how a method varies, and one says nothing.",
)


def about(results: Results, table: Table, pictures: Sequence[Picture]) -> dict[str, Any]:
    """Give bench.html.j2 all but the table and the pictures, of which it names those with curves."""
    bench, facts = results.bench, results.facts
    return {
        "name": facts["name"],
        "facts": facts,
        "version": facts["version"],
        "bench": bench,
        "backbone": names_shown(bench.run.backbone.name),
        "tiles": _tiles(table),
        "also": also_table(table),
        "curves": [picture.name for picture in pictures if picture.name.startswith("pr")],
        "classes": _classes(results) if results.comparable else None,
        "methods": [(one.label, one.method, _options(one, results)) for one in bench.methods],
        "command": command_text(facts["command"]),
        "settings": settings_text(to_tree(bench.run)),
        "limits": [LIMITS[bench.run.data.protocol], *OTHERS, *facts["problems"]],
    }


def _tiles(table: Table) -> list[tuple[str, str, bool]]:
    """Name the methods of the baseline's group with the highest mAP, and the baseline."""
    group = next((row.group for row in table.rows if row.method == table.strong), table.rows[0].group)
    measured = [row for row in table.rows if row.kind == MEASURED and row.group == group]
    own = [(row, row.percent[-1]) for row in measured if row.percent]
    ordered = [row for row, _ in sorted(own, key=lambda one: -one[1])]
    shown = ordered[:3] + [row for row in ordered[3:] if row.method == table.strong]
    return [(f"{row.method}, mAP %", row.figures()[-1], row is ordered[0]) for row in shown]


def _classes(results: Results) -> tuple[list[str], list[list[str]]]:
    labels, methods, own, table = class_differences(results)
    body = [
        [
            results.classes[label].replace("_", " "),
            f"{100 * value:.1f}",
            *(f"{100 * one:+.1f}" for one in row),
        ]
        for label, value, row in zip(labels, own, table, strict=True)
    ]
    return ["Class", results.bench.baselines[0], *methods], body


def _options(entry: Entry, results: Results) -> str:
    """List the settings that are the method's own, and its options."""
    own = {**flat(entry.settings), **to_tree(options_of(entry.run(results.bench.run)))}
    return ", ".join(f"{name} {value}" for name, value in own.items())
