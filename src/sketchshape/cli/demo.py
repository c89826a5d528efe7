"""Train and measure on the bundled sample, and say where the pictures are; safe to run again, it resumes."""

from __future__ import annotations

import argparse
from pathlib import Path

from sketchshape.cli.options import add_workers
from sketchshape.config import load_config
from sketchshape.settings import Run

CONFIG = Path(__file__).with_name("demo.toml")


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of `demo`."""
    parser.add_argument(
        "--out", type=Path, default=Path("runs/demo"), metavar="RUN", help="folder (runs/demo)"
    )
    parser.add_argument("--fresh", action="store_true", help="replace what is in the folder")
    add_workers(parser)


def run(arguments: argparse.Namespace) -> int:
    """Train, print the table, write the report."""
    from sketchshape.datasets import load_dataset
    from sketchshape.report import print_table, write_report
    from sketchshape.train.run import train_run

    settings = load_config(Run, CONFIG)
    sample = load_dataset("folder", "sample")
    print(
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
    print_table(arguments.out)
    print(f"pictures: {page.parent}\npage:     {page}")
    return 0
