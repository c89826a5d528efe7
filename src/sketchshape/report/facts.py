"""The page of a run: what it says beside its table and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sketchshape.metrics import NAMES
from sketchshape.report.figures import class_sizes, confused
from sketchshape.report.page import LIMITS, command_text, settings_text
from sketchshape.report.rows import backbones_shown
from sketchshape.report.table import Table
from sketchshape.runs.results import Run

MEASURES = (
    ("NN", "Nearest neighbor: how often the first shape is right."),
    ("FT", "First tier: part of the C right shapes that is among the first C."),
    ("ST", "Second tier: part of the C right shapes that is among the first 2 C."),
    ("E", "E-measure: harmonic mean of precision and recall of the first 32 shapes; higher is better."),
    (
        "DCG",
        "Discounted cumulated gain of the whole ranking over that of a perfect one; ranks 1 and 2 weigh 1.",
    ),
    ("mAP", "Mean over queries of AP, the mean precision at the rank of each right shape."),
)


def about(run: Run, table: Table) -> dict[str, Any]:
    """Give report.html.j2 all but the table and the pictures."""
    record, figures = run.record, table.rows[0].figures()
    return {
        "name": record["name"],
        "record": record,
        "backbone": backbones_shown(record["settings"]["backbone"]),
        "version": record["version"],
        "names": NAMES,
        "tiles": [(f"{name} %", text, name == "mAP") for name, text in zip(NAMES, figures, strict=True)],
        "facts": _facts(run),
        "seeds": _seeds(run),
        "confused": _confused(run),
        "measures": MEASURES,
        "command": command_text(record["command"]),
        "settings": settings_text(record["settings"]),
        "limits": _limits(run),
    }


def _confused(run: Run) -> list[tuple[str, str, str]]:
    pairs = confused(run)
    return [
        (own.replace("_", " "), other.replace("_", " "), f"{100 * rate:.0f}") for own, other, rate in pairs
    ]


def _facts(run: Run) -> list[tuple[str, str]]:
    scores = [seed.scores for seed in run.seeds]
    over = {key: np.mean([one.over_classes[key] for one in scores]) for key in ("nn", "map")}
    return [
        ("Queries", f"{scores[0].queries:,} of {len(scores[0].per_class)} classes"),
        ("Gallery", f"{scores[0].gallery:,} shapes of {len(class_sizes(run))} classes"),
        ("Mean over classes", f"NN {100 * over['nn']:.1f}, mAP {100 * over['map']:.1f}"),
        ("Best possible E here", f"{100 * _ceiling(run):.1f}"),
        ("Mean of the 20-point curve", f"{100 * np.mean([one.map_pr20 for one in scores]):.1f}, not a mAP"),
        ("Zero-padded average", f"{100 * np.mean([one.map_padded for one in scores]):.1f}, not a mAP"),
    ]


def _ceiling(run: Run) -> float:
    """E of a perfect ranking: a class of more or fewer than 32 shapes cannot reach 1."""
    sizes, seed = class_sizes(run), run.seeds[0]
    asked = np.array([sizes[int(label)] for label in seed.query_labels[seed.scores.per_query.index]])
    return float(np.mean(2 * np.minimum(asked, 32) / (32 + asked)))


def _seeds(run: Run) -> list[list[str]]:
    rows = []
    for seed in run.seeds:
        scores: dict[str, Any] = seed.scores.to_json()
        figures = [f"{100 * scores[name]:.1f}" for name in NAMES]
        about = [_pairs(seed.record.get(key, {})) for key in ("seconds", "target_check")]
        rows.append([str(seed.seed), *figures, *about])
    return rows


def _pairs(values: Any) -> str:
    if not isinstance(values, Mapping):
        return _short(values)
    return ", ".join(f"{key.replace('_', ' ')} {_short(value)}" for key, value in values.items())


def _short(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _limits(run: Run) -> list[str]:
    seed = run.seeds[0]
    limits = [
        LIMITS[run.record["settings"]["data"].get("protocol", "closed")],
        "Values are means over queries; classes with more sketches weigh more.",
    ]
    if len(run.seeds) == 1:
        limits.append("One seed: how much the scores vary from training to training is not known.")
    if seed.scores.skipped:
        limits.append(f"{seed.scores.skipped} queries are left out: the gallery has no shape of their class.")
    return [*limits, *run.record.get("dataset", {}).get("problems", [])]
