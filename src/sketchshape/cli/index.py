"""Index a folder of mesh files, so that it can be searched by drawing.

Safe to stop and to run again: only what is new, changed, moved or gone is worked on.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from sketchshape.cli.options import add_json, add_workers
from sketchshape.say import say, say_json

SHOWN = 10  # failures that are printed


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of `index`."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="library of mesh files, or a part of one")
    parser.add_argument("--out", type=Path, required=True, metavar="INDEX", help="folder of the index")
    parser.add_argument("--bundle", type=Path, metavar="DIR", help="encoders (those that ship)")
    parser.add_argument("--up", choices=("y", "z", "x", "-y", "-z", "-x"), default="y", help="up axis (y)")
    parser.add_argument("--prune", action="store_true", help="remove all shapes that are not in FOLDER")
    parser.add_argument("--retry", action="store_true", help="try again what failed and has not changed")
    parser.add_argument("--fresh", action="store_true", help="remove what the index holds first")
    add_workers(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Index, and say what was done; 1 when nothing could be indexed."""
    from sketchshape.encoders import Bundle
    from sketchshape.index import build_index

    summary = build_index(
        arguments.folder,
        arguments.out,
        bundle=Bundle.open(arguments.bundle),
        up=arguments.up,
        prune=arguments.prune,
        retry=arguments.retry,
        fresh=arguments.fresh,
        workers=arguments.workers,
        quiet=arguments.json,
    )
    if arguments.json:
        failed = [{"path": str(path), "reason": reason} for path, reason in summary.failed]
        say_json({**asdict(summary), "failed": failed})
        return int(not summary.shapes)
    for path, reason in summary.failed[:SHOWN]:
        say(f"failed {path}: {reason}", error=True)
    if len(summary.failed) > SHOWN:
        say(f"and {len(summary.failed) - SHOWN} more; --json lists all", error=True)
    words = ("added", "changed", "moved", "removed", "unchanged")
    counts = ", ".join(f"{getattr(summary, word)} {word}" for word in words)
    say(
        f"{arguments.out}: {summary.shapes} shapes ({counts}, {len(summary.failed)} failed), "
        f"{summary.groups} groups of near-identical shapes"
    )
    return int(not summary.shapes)
