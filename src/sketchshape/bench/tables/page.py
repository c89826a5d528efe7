"""The page of a comparison: one HTML file that needs nothing beside it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from PIL import Image

from sketchshape.bench.plan import Entry, flat
from sketchshape.bench.results import NAMES, Results
from sketchshape.bench.tables.formats import HEAD, also_table, lines
from sketchshape.bench.tables.pictures import class_differences
from sketchshape.bench.tables.table import MEASURED, Row
from sketchshape.config import to_tree
from sketchshape.report.page import LIMITS, settings_text
from sketchshape.report.style import DPI
from sketchshape.train.methods import options_of


def build_page(
    results: Results,
    rows: Sequence[Row],
    remarks: Sequence[str],
    problems: Sequence[str],
    pictures: Sequence[Path],
) -> str:
    """Fill the template.

    Args:
        results: the comparison.
        rows: of the table.
        remarks: sentences below the table.
        problems: what is not in the figures.
        pictures: PNG files that were drawn: pr.png, and per_class.png where there is something to compare.

    Returns:
        The HTML, with the pictures inside it.
    """
    folders = ("sketchshape.bench.tables", "sketchshape.report")  # the style is that of a report
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(name, "templates") for name in folders]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("bench.html.j2").render(
        facts=results.facts,
        bench=results.bench,
        head=HEAD,
        numbers=(*NAMES, "Δ mAP", "seconds", "MB"),
        lines=list(zip(rows, lines(rows), strict=True)),
        tiles=_tiles(rows, results.bench.baseline),
        also=also_table(rows),
        remarks=remarks,
        problems=problems,
        pictures={path.stem: _embedded(path) for path in pictures},
        classes=_classes(results) if any(path.stem == "per_class" for path in pictures) else None,
        methods=[(one.label, one.method, _options(one, results)) for one in results.bench.methods],
        settings=settings_text(to_tree(results.bench.run)),
        limit=LIMITS[results.bench.run.data.protocol],
    )


def _tiles(rows: Sequence[Row], baseline: str) -> list[tuple[str, str, str]]:
    """Name the methods with the highest mAP, and the baseline."""
    own = [(row, row.percent[-1], row.spread) for row in rows if row.kind == MEASURED and row.percent]
    ordered = sorted(own, key=lambda one: -one[1])
    shown = ordered[:3] + [one for one in ordered[3:] if one[0].label == baseline]
    return [
        (row.label, f"{value:.1f}", f"± {spread[-1]:.1f}" if spread else "") for row, value, spread in shown
    ]


def _classes(results: Results) -> tuple[list[str], list[tuple[str, str, list[str]]]]:
    labels, methods, own, table = class_differences(results)
    body = [
        (results.classes[label].replace("_", " "), f"{100 * value:.1f}", [f"{100 * one:+.1f}" for one in row])
        for label, value, row in zip(labels, own, table, strict=True)
    ]
    return methods, body


def _options(entry: Entry, results: Results) -> str:
    """List the settings that are the method's own, and its options."""
    own = {**flat(entry.settings), **to_tree(options_of(entry.run(results.bench.run)))}
    return ", ".join(f"{name} {value}" for name, value in own.items())


def _embedded(path: Path) -> tuple[str, int]:
    """Give a picture as text, and the CSS pixels at which it is as wide as it was drawn."""
    with Image.open(path) as picture:
        width = round(picture.width * 96 / DPI)
    return "data:image/png;base64," + b64encode(path.read_bytes()).decode("ascii"), width
