"""Say which way up a shape of an index stands, where it was judged wrongly.

The choice is kept in the index, and the shape is found as it stands then.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sketchshape.cli.options import add_json, add_limits, add_up, add_workers, shape_of
from sketchshape.say import say, say_json


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of `turn`."""
    parser.add_argument("index", type=Path, metavar="INDEX", help="folder that `sketchshape index` wrote")
    parser.add_argument("shape", metavar="SHAPE", help="id or file of an indexed shape")
    add_up(parser, "axis of the file that points up; auto forgets the choice", required=True)
    parser.add_argument(
        "--folder", action="store_true", help="all files of its format in its folder and below, now and later"
    )
    parser.add_argument("--bundle", type=Path, metavar="DIR", help="encoders (those that ship)")
    add_workers(parser)
    add_limits(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Turn, and say how many shapes stand so now."""
    from sketchshape.encoders import Bundle
    from sketchshape.index import Catalogue, turn_shape

    with Catalogue(arguments.index) as catalogue:
        shape = shape_of(catalogue, arguments.shape)
    bundle = Bundle.open(arguments.bundle)
    turned = turn_shape(
        arguments.index,
        shape,
        arguments.up,
        folder=arguments.folder,
        bundle=bundle,
        workers=arguments.workers,
        timeout=arguments.timeout,
        memory=arguments.memory,
        quiet=arguments.json,
    )
    with Catalogue(arguments.index) as catalogue:
        entry = catalogue.get(shape)
    if arguments.json:
        say_json({"shapes": turned, "ups": list(entry.ups)})
        return 0
    count = "1 shape" if len(turned) == 1 else f"{len(turned)} shapes"
    how = "judged again" if arguments.up == "auto" else f"chosen to stand with {arguments.up} up"
    say(f"{count} {how}; {entry.path}: {' or '.join(entry.ups)} up")
    return 0
