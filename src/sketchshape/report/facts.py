"""The page of a report: one HTML file that needs nothing beside it."""

from __future__ import annotations

import json
import shlex
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from PIL import Image

from sketchshape.metrics import mean_and_spread
from sketchshape.report.figures import Picture, class_sizes, confused
from sketchshape.report.style import DPI
from sketchshape.report.table import NAMES, Row
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


LIMITS = {
    "closed": "The gallery is closed, as in the paper: its shapes are the ones that were learned from. "
    "The scores say nothing about shapes that are added later, nor about classes that were not trained.",
    "held-out": "The gallery is the fifth of the shapes of the larger classes that was held out of training.",
    "unseen": "The gallery is of classes that were left out of training altogether.",
}


def build_page(
    run: Run, rows: Sequence[Row], remarks: Sequence[str], pictures: Sequence[Picture], folder: Path
) -> str:
    """Fill the template.

    Args:
        run: the run.
        rows: of the table.
        remarks: sentences below the table.
        pictures: drawn already.
        folder: where their PNG files are.

    Returns:
        The HTML, with the pictures inside it.
    """
    environment = Environment(
        loader=PackageLoader("sketchshape.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render(
        record=run.record,
        names=NAMES,
        tiles=_tiles(run),
        rows=rows,
        remarks=remarks,
        facts=_facts(run),
        seeds=_seeds(run),
        pictures={picture.name: picture for picture in pictures},
        source={picture.name: _embedded(folder / f"{picture.name}.png") for picture in pictures},
        widths={picture.name: _css_width(folder / f"{picture.name}.png") for picture in pictures},
        confused=confused(run),
        measures=MEASURES,
        command=_command(run.record["command"]),
        settings=settings_text(run.record["settings"]),
        limits=_limits(run),
    )


def settings_text(tree: Mapping[str, Any]) -> str:
    """Write nested settings as TOML: values first, then the sections."""
    values = {key: value for key, value in tree.items() if not isinstance(value, Mapping)}
    sections = {key: value for key, value in tree.items() if isinstance(value, Mapping)}
    blocks = ["\n".join(f"{key} = {_toml(value)}" for key, value in values.items())]
    blocks += [f"[{name}]\n{settings_text(section)}" for name, section in sections.items()]
    return "\n\n".join(block for block in blocks if block)


def _toml(value: Any) -> str:
    return json.dumps(
        value, ensure_ascii=False
    )  # the same text for numbers, strings, booleans and lists of them


def _command(command: str | Sequence[str]) -> str:
    text = command if isinstance(command, str) else shlex.join(command)
    return text or "(no command line: started from Python)"


def _tiles(run: Run) -> list[tuple[str, str, str]]:
    means = mean_and_spread([seed.scores for seed in run.seeds])
    return [
        (name, f"{100 * mean:.1f}", "" if np.isnan(spread) else f"± {100 * spread:.1f}")
        for name, (mean, spread) in zip(NAMES, means.values(), strict=True)
    ]


def _facts(run: Run) -> list[tuple[str, str]]:
    scores = [seed.scores for seed in run.seeds]
    over = {key: np.mean([one.over_classes[key] for one in scores]) for key in ("nn", "map")}
    return [
        (
            "Queries",
            f"{scores[0].queries:,} of {len(scores[0].per_class)} classes",
        ),
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


def _seeds(run: Run) -> list[dict[str, Any]]:
    return [
        {
            "seed": seed.seed,
            "values": [f"{100 * float(seed.scores.to_json()[name]):.1f}" for name in NAMES],  # type: ignore[arg-type]
            "seconds": _pairs(seed.record.get("seconds", {})),
            "target": _pairs(seed.record.get("target_check", {})),
        }
        for seed in run.seeds
    ]


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


def _css_width(path: Path) -> int:
    """Say at how many CSS pixels a picture is as large as it was drawn."""
    with Image.open(path) as picture:
        return round(picture.width * 96 / DPI)


def _embedded(path: Path) -> str:
    return "data:image/png;base64," + b64encode(path.read_bytes()).decode("ascii")
