"""Measure a run: NN, FT, ST, E, DCG and mAP of its test sketches, or of folders it has never seen.

A folder has a sub-folder for each class, of sketches (pictures or Quick, Draw! strokes) or of mesh files.
Of shapes, zip archives are folders.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sketchshape.cli.options import add_json, add_up, add_workers, existing_folder
from sketchshape.say import say, say_json


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of `evaluate`."""
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a trained run")
    parser.add_argument("--queries", type=Path, metavar="DIR", help="sketches by class (its test sketches)")
    parser.add_argument("--gallery", type=Path, metavar="DIR", help="shapes by class (its own gallery)")
    add_up(parser, "axis of the files of --gallery that points up, auto as `index` (that of the run)")
    add_workers(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    from sketchshape.train.measure import measure

    existing_folder(arguments.run, "the folder of a run, such as runs/psb76")
    if arguments.queries is not None:
        existing_folder(arguments.queries, "one with a sub-folder for each class")
    measured = measure(
        arguments.run,
        arguments.queries,
        arguments.gallery,
        up=arguments.up,
        workers=arguments.workers,
        quiet=arguments.json,
    )
    figures = measured.to_json()
    for name, count in figures["classes_without_shapes"].items():
        say(f"skipped {count} queries of class {name!r}: the gallery has no such shape", error=True)
    if arguments.json:
        say_json(figures)
    else:
        _print(figures)
    return 0


def _print(figures: dict[str, object]) -> None:
    from rich.console import Console
    from rich.table import Table

    from sketchshape.metrics import NAMES

    table = Table(*NAMES, box=None)
    spread = figures["spread"]
    assert isinstance(spread, dict)
    table.add_row(*(_percent(figures[name], spread[name]) for name in NAMES))
    console = Console()
    console.print(table)
    seeds = len(figures["seeds"])  # type: ignore[arg-type]
    asked = f"{figures['queries']} queries of {figures['classes']} classes"
    unsure = f" ({figures['unsure']} in several ways up)" if figures["unsure"] else ""
    console.print(
        f"percent; {asked}, {figures['gallery']} shapes{unsure}, {figures['skipped']} skipped; "
        f"mean of {seeds} seed{'s' if seeds > 1 else ''}",
        style="dim",
    )


def _percent(mean: object, spread: object) -> str:
    more = f" ± {100 * spread:.1f}" if isinstance(spread, float) else ""
    return f"{100 * float(mean):.1f}{more}"  # type: ignore[arg-type]
