"""Train the networks of a configuration, by CGN or another method, and measure them on the test sketches.

The run lands in a folder; the same call goes on after an interruption and skips what is done.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from sketchshape.cli.options import add_json, add_set, add_workers
from sketchshape.config import load_config
from sketchshape.config.run import RunSettings
from sketchshape.errors import UsageError
from sketchshape.say import say, say_json


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of `train`."""
    parser.add_argument("config", type=Path, metavar="CONFIG", help="TOML file, such as configs/psb76.toml")
    parser.add_argument("--data", type=Path, metavar="DIR", help="root of the data set (data.path)")
    parser.add_argument("--out", type=Path, metavar="RUN", help="folder of the run (runs/NAME)")
    parser.add_argument("--seeds", metavar="N,N", help="seeds, such as 0,1,2 (train.seeds)")
    parser.add_argument(
        "--weights", metavar="FILE", help="of the backbone: a file, bundled, imagenet (downloaded) or none"
    )
    add_set(parser, "student.lr=0.05")
    parser.add_argument("--fresh", action="store_true", help="replace a run that is in the folder")
    add_workers(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Train and print the table."""
    from sketchshape.report import print_run
    from sketchshape.train.engine.distributed import launched_first
    from sketchshape.train.run import train_run

    settings = load_settings(arguments)
    folder = arguments.out or Path("runs") / settings.name
    record = train_run(
        settings,
        folder,
        workers=arguments.workers,
        fresh=arguments.fresh,
        quiet=arguments.json,
        command=["sketchshape", *sys.argv[1:]],
    )
    if not launched_first():
        return 0
    if arguments.json:
        say_json(record)
    else:
        print_run(folder)
        say(f"run: {folder}   report: sketchshape report {folder}")
    return 0


def load_settings(arguments: argparse.Namespace) -> RunSettings:
    """Join the configuration file with the options that override it."""
    overrides = list(arguments.set)
    if arguments.data is not None:
        overrides.append(f"data.path={json.dumps(str(arguments.data))}")
    if arguments.weights is not None:
        overrides.append(f"backbone.weights={json.dumps(arguments.weights)}")
    if arguments.seeds is not None:
        try:
            seeds = [int(text) for text in arguments.seeds.split(",")]
        except ValueError:
            raise UsageError(f"--seeds {arguments.seeds}: expected whole numbers, such as 0,1,2") from None
        overrides.append(f"train.seeds={seeds}")
    settings = load_config(RunSettings, arguments.config, overrides)
    if not settings.data.path:
        raise UsageError("no data set: give its root folder with --data DIR")
    return settings
