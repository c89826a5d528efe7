"""Index a folder of mesh files, so that it can be searched by drawing.

Safe to stop and to run again: only what is new, changed, moved or gone is worked on.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from sketchshape.cli.options import add_engine, add_json, add_limits, add_up, add_workers, engine_of
from sketchshape.say import say, say_json

if TYPE_CHECKING:
    from sketchshape.index import IndexSummary

SHOWN = 10  # failures, and files with warnings, that are printed


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of `index`."""
    parser.add_argument(
        "folder", type=Path, metavar="FOLDER", help="library of mesh files, a part of one, or a zip archive"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="INDEX", help="folder of the index")
    parser.add_argument("--bundle", type=Path, metavar="DIR", help="encoders (those that ship)")
    add_up(parser, "axis of all files that do not say it themselves, kept for FOLDER (auto: as each looks)")
    parser.add_argument("--prune", action="store_true", help="remove all shapes that are not in FOLDER")
    parser.add_argument("--retry", action="store_true", help="try again what failed and has not changed")
    parser.add_argument(
        "--fresh", action="store_true", help="remove what the index holds first, but for chosen ways up"
    )
    parser.add_argument("--watch", action="store_true", help="go on, and index what changes, until Ctrl-C")
    add_engine(parser, "exact at first, later as before")
    add_workers(parser)
    add_limits(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Index, and say what was done; 1 when nothing could be indexed."""
    from sketchshape.encoders import Bundle
    from sketchshape.index import build_index

    bundle = Bundle.open(arguments.bundle)
    before: IndexSummary | None = None

    def bring() -> IndexSummary:
        # Later runs have nothing to begin anew, and what was chosen is kept.
        return build_index(
            arguments.folder,
            arguments.out,
            bundle=bundle,
            up=None if before else arguments.up,
            prune=arguments.prune and not before,
            retry=arguments.retry and not before,
            fresh=arguments.fresh and not before,
            workers=arguments.workers,
            timeout=arguments.timeout,
            memory=arguments.memory,
            quiet=arguments.json or before is not None,
            **engine_of(arguments),
        )

    if not arguments.watch:
        summary = bring()
        _tell(arguments, summary)
        return int(not summary.shapes)

    from sketchshape.index.watch import follow

    said = ""
    for done in follow(arguments.folder, arguments.out, bring):
        if isinstance(done, Exception):
            said = _complain(arguments, done, said)
            continue
        _tell(arguments, done, before)
        before, said = done, ""
    return 0


def _complain(arguments: argparse.Namespace, error: Exception, said: str) -> str:
    """Say why a run failed, if it was not said of the one before, and give what is said."""
    text = str(error) or type(error).__name__
    if text == said:
        return said
    if arguments.json:
        say_json({"error": text})
    else:
        say(f"sketchshape: {text} (tried again, until Ctrl-C)", error=True)
    return text


def _tell(arguments: argparse.Namespace, summary: IndexSummary, before: IndexSummary | None = None) -> None:
    """Say what a run did; after one before it, what is new."""
    from sketchshape.mesh import unread_files

    if arguments.json:
        failed = [{"path": str(path), "reason": reason} for path, reason in summary.failed]
        warned = [{"path": str(path), "warnings": list(warnings)} for path, warnings in summary.warned]
        say_json({**asdict(summary), "failed": failed, "warned": warned})
        return
    known = [*before.failed, *before.warned] if before else []
    _list("failed", [one for one in summary.failed if one not in known])
    doubts = [one for one in summary.warned if one not in known]
    _list("warning", [(path, "; ".join(warnings)) for path, warnings in doubts])
    words = ("added", "changed", "moved", "removed", "unchanged")
    counts = ", ".join(f"{getattr(summary, word)} {word}" for word in words)
    say(
        f"{arguments.out}: {summary.shapes} shapes ({counts}, {len(summary.failed)} failed), "
        f"{summary.groups} groups of near-identical shapes"
    )
    if summary.turned:
        say(f"{summary.turned} shapes stand otherwise than before")
    if summary.unsure and not before:
        say(f"{summary.unsure} of {summary.shapes} may stand otherwise: two ways or three are searched")
    if summary.warned and not before:
        say(f"{len(summary.warned)} files with warnings")
    if summary.unread and not before:
        say(unread_files(Counter(summary.unread)))


def _list(word: str, files: list[tuple[Path, str]]) -> None:
    for path, reason in files[:SHOWN]:
        say(f"{word} {path}: {reason}", error=True)
    if len(files) > SHOWN:
        say(f"and {len(files) - SHOWN} more; --json lists all", error=True)
