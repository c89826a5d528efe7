"""Export the networks of a run as a bundle that is searched with, without torch.

The bundle is compared with torch on shapes and sketches of the run, and refused when it does not agree.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from sketchshape.cli.options import add_json, add_workers, existing_folder
from sketchshape.say import say, say_json


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of `export`."""
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a trained run")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder of the bundle")
    parser.add_argument("--seed", type=int, metavar="N", help="whose networks (the first seed of the run)")
    parser.add_argument("--fresh", action="store_true", help="replace a bundle that is in the folder")
    add_workers(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Export and say how near to torch it is."""
    existing_folder(arguments.run, "the folder of a run, such as runs/psb76")
    from sketchshape.train.export.bundle import export_run

    exported = export_run(
        arguments.run,
        arguments.out,
        seed=arguments.seed,
        replace=arguments.fresh,
        workers=arguments.workers,
        quiet=arguments.json,
    )
    if arguments.json:
        say_json({**asdict(exported), "folder": str(exported.folder)})
        return 0
    parity = exported.parity
    say(
        f"{exported.folder}: {exported.bytes / 1e6:.1f} MB; least cosine to torch {parity.cosine:.6f}, "
        f"same top {parity.top} for {parity.sketches} sketches"
    )
    say(f"search with it: sketchshape index FOLDER --out INDEX --bundle {exported.folder}")
    return 0
