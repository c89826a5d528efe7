"""Train and measure on the bundled sample, say where the pictures are, and serve the page to draw on.

Safe to run again: it resumes. SERVE=0 or --no-serve ends before the page.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from sketchshape.cli.options import add_workers
from sketchshape.config import load_config
from sketchshape.config.run import RunSettings
from sketchshape.errors import MissingExtraError
from sketchshape.say import say

CONFIG = Path(__file__).with_name("demo.toml")


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of `demo`."""
    parser.add_argument(
        "--out", type=Path, default=Path("runs/demo"), metavar="RUN", help="folder (runs/demo)"
    )
    parser.add_argument("--fresh", action="store_true", help="replace what is in the folder")
    parser.add_argument(
        "--no-serve", action="store_true", help="end when the figures are there (also SERVE=0)"
    )
    parser.add_argument("--port", type=int, default=8000, help="of the page (8000; 0 takes a free one)")
    add_workers(parser)


def run(arguments: argparse.Namespace) -> int:
    """Train, print the table, write the report, serve the sample's shapes."""
    from sketchshape.datasets import load_dataset
    from sketchshape.report import print_run, write_report
    from sketchshape.train.run import train_run

    settings = load_config(RunSettings, CONFIG)
    sample = load_dataset("folder", "sample")
    say(
        f"{len(sample.classes)} classes, {len(sample.shapes)} shapes, {len(sample.train)} training and "
        f"{len(sample.test)} test sketches"
    )
    train_run(
        settings,
        arguments.out,
        workers=arguments.workers,
        fresh=arguments.fresh,
        command=["sketchshape", "demo"],
    )
    page = write_report(arguments.out) / "index.html"
    print_run(arguments.out)
    say(f"pictures: {page.parent}")
    say(f"report:   {page}")
    if not arguments.no_serve and os.environ.get("SERVE") != "0":
        _draw(arguments)
    return 0


def _draw(arguments: argparse.Namespace) -> None:
    """Index the shapes of the sample with the encoders that ship, and serve the page until Ctrl-C."""
    from sketchshape.cli.serve import serve
    from sketchshape.datasets import sample_root
    from sketchshape.index import build_index

    index = arguments.out.with_name(f"{arguments.out.name}-index")
    try:
        build_index(sample_root() / "shapes", index, workers=arguments.workers)
        say("Draw what you have in mind (SERVE=0 leaves this page out):")
        serve(index, "127.0.0.1", arguments.port)
    except KeyboardInterrupt:
        pass  # the usual end
    except MissingExtraError as error:
        say(f"no page to draw on: {error}", error=True)
