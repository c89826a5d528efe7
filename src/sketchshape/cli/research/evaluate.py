"""Measure a run, an index, or the network that ships: NN, FT, ST, E, DCG and mAP.

RUN is measured on its own test sketches, or on folders that it has never seen; an INDEX is searched with the
sketches of --queries. Without either the shapes of --gallery are indexed with the network that ships, as a
library is, and searched. A folder has a sub-folder for each class, of sketches (pictures or Quick, Draw!
strokes) or of mesh files; of shapes, zip archives are folders.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from sketchshape.cli.options import add_json, add_up, add_workers, existing_folder
from sketchshape.errors import UsageError
from sketchshape.say import say, say_json

if TYPE_CHECKING:
    from sketchshape.metrics.measured import Measured


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of `evaluate`."""
    parser.add_argument(
        "run", type=Path, nargs="?", metavar="RUN", help="folder of a trained run, or of an index"
    )
    parser.add_argument("--queries", type=Path, metavar="DIR", help="sketches by class (its test sketches)")
    parser.add_argument("--gallery", type=Path, metavar="DIR", help="shapes by class (its own gallery)")
    parser.add_argument("--bundle", type=Path, metavar="DIR", help="without RUN: encoders (those that ship)")
    add_up(parser, "axis of the files of --gallery that points up, auto as `index` (that of the run)")
    add_workers(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    if arguments.queries is not None:
        existing_folder(arguments.queries, "one with a sub-folder for each class")
    measured = _measured(arguments)
    figures = measured.to_json()
    for name, count in figures["classes_without_shapes"].items():
        say(f"skipped {count} queries of class {name!r}: the gallery has no such shape", error=True)
    if arguments.json:
        say_json(figures)
    else:
        _print(figures)
    return 0


def _measured(arguments: argparse.Namespace) -> Measured:
    if arguments.run is None:
        return _measure_bundle(arguments)
    from sketchshape.index.catalogue import NAME

    existing_folder(arguments.run, "the folder of a run, such as runs/psb76, or of an index")
    if (arguments.run / NAME).is_file():
        return _measure_index(arguments)
    from sketchshape.train.measure import measure

    if arguments.bundle is not None:
        raise UsageError("a run has networks of its own: give --bundle without RUN, or with an index")
    return measure(
        arguments.run,
        arguments.queries,
        arguments.gallery,
        up=arguments.up,
        workers=arguments.workers,
        quiet=arguments.json,
    )


def _measure_index(arguments: argparse.Namespace) -> Measured:
    from sketchshape.search import Searcher
    from sketchshape.search.measure import measure_index

    if arguments.queries is None:
        raise UsageError("an index has no sketches of its own; give a folder of them with --queries DIR")
    if arguments.gallery is not None or arguments.up is not None:
        raise UsageError("an index is its own gallery: leave --gallery and --up out, or leave the index out")
    searcher = Searcher.open(arguments.run, arguments.bundle)
    return measure_index(searcher, arguments.queries, quiet=arguments.json)


def _measure_bundle(arguments: argparse.Namespace) -> Measured:
    from sketchshape.encoders import Bundle
    from sketchshape.index import build_index
    from sketchshape.search import Searcher
    from sketchshape.search.measure import measure_index

    if arguments.queries is None or arguments.gallery is None:
        raise UsageError("nothing to measure: give RUN, or both --queries DIR and --gallery DIR")
    bundle = Bundle.open(arguments.bundle)
    with tempfile.TemporaryDirectory(prefix="sketchshape-") as folder:
        done = build_index(
            arguments.gallery,
            folder,
            bundle=bundle,
            up=arguments.up,
            workers=arguments.workers,
            quiet=arguments.json,
        )
        for path, reason in done.failed:
            say(f"{path}: {reason}", error=True)
        searcher = Searcher.open(folder, bundle)
        with searcher.catalogue:
            return measure_index(searcher, arguments.queries, quiet=arguments.json)


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
