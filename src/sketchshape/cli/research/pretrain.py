"""Train a backbone for sketches on drawings of many words; runs take it as backbone.sketch_weights."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from sketchshape.cli.options import add_set
from sketchshape.config import load_config
from sketchshape.errors import UsageError
from sketchshape.say import say


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of `pretrain`."""
    parser.add_argument("config", type=Path, metavar="CONFIG", help="TOML file, see configs/pretrain")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="folder of Quick, Draw! <word>.ndjson (data.path)"
    )
    parser.add_argument("--out", type=Path, metavar="RUN", help="folder of the run (runs/NAME)")
    add_set(parser, "backbone.size=96")
    parser.add_argument("--fresh", action="store_true", help="replace a run that is in the folder")
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def run(arguments: argparse.Namespace) -> int:
    """Train and say where the weights are."""
    from sketchshape.config.pretrain import PretrainSettings
    from sketchshape.train.pretrain import pretrain

    overrides = list(arguments.set)
    if arguments.data is not None:
        overrides.append(f"data.path={json.dumps(str(arguments.data))}")
    settings = load_config(PretrainSettings, arguments.config, overrides)
    if not settings.data.path:
        raise UsageError("no drawings: give the folder of <word>.ndjson with --data DIR")
    path = pretrain(
        settings,
        arguments.out or Path("runs") / settings.name,
        fresh=arguments.fresh,
        quiet=arguments.quiet,
    )
    say(path)
    return 0
