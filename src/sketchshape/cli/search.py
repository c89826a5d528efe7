"""Search an index with a drawing, a shape, a class name, or words.

DRAWING is a picture, or strokes as JSON ([[xs, ys], ...], or an object with a `drawing`).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sketchshape.cli.options import add_engine, add_json, engine_of, positive, shape_of
from sketchshape.errors import UsageError
from sketchshape.say import say, say_json

if TYPE_CHECKING:
    from sketchshape.search import Searcher
    from sketchshape.types import Ranking, Unknown


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of `search`."""
    parser.add_argument("index", type=Path, metavar="INDEX", help="folder that `sketchshape index` wrote")
    parser.add_argument(
        "drawing", type=Path, nargs="?", metavar="DRAWING", help="picture, or strokes as JSON"
    )
    parser.add_argument("--like", metavar="SHAPE", help="id or file of an indexed shape: more like this")
    parser.add_argument("--class", dest="named", metavar="NAME", help="a class that the encoders know")
    parser.add_argument(
        "--words", default="", help="words that names have or that shapes look like, mixed with the drawing"
    )
    parser.add_argument("-k", type=positive, default=20, metavar="N", help="results (20)")
    parser.add_argument("--folder", metavar="DIR", help="only shapes in this folder")
    parser.add_argument("--format", action="append", metavar="EXT", help="only this format; may be repeated")
    parser.add_argument(
        "--faces", type=_range, metavar="MIN-MAX", help="only so many faces: 100-5000, 100- or 0-5000"
    )
    parser.add_argument("--unique", action="store_true", help="only the best of near-identical shapes")
    parser.add_argument("--bundle", type=Path, metavar="DIR", help="encoders (those that ship)")
    add_engine(parser, "the one of the index")
    parser.add_argument("--open", action="store_true", help="open the first result")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Search and print the ranking; 1 when nothing was found."""
    from sketchshape.search import Searcher

    queries = [arguments.drawing, arguments.like, arguments.named]
    if sum(query is not None for query in queries) > 1:
        raise UsageError("give one of DRAWING, --like and --class, not several")
    if not any(query is not None for query in queries) and not arguments.words.strip():
        raise UsageError("nothing to search for: give a DRAWING, --like SHAPE, --class NAME or --words TEXT")
    searcher = Searcher.open(arguments.index, arguments.bundle, **engine_of(arguments))
    ranking = _ask(searcher, arguments)
    if arguments.json:
        say_json(_as_json(searcher, ranking))
    elif len(ranking):
        _print(searcher, ranking, arguments)
    else:
        say(f"nothing found: {_reason(searcher, arguments, ranking)}", error=True)
    if not arguments.json and len(ranking):
        for one in ranking.unknown:
            say(said_of(one), error=True)
    if arguments.open and len(ranking):
        _open(ranking.paths[0])
    return int(not len(ranking))


def _ask(searcher: Searcher, arguments: argparse.Namespace) -> Ranking:
    options: dict[str, Any] = {
        "words": arguments.words,
        "folder": arguments.folder,
        "formats": arguments.format,
        "faces": arguments.faces,
        "unique": arguments.unique,
    }
    if arguments.like is not None:
        return searcher.like(shape_of(searcher.catalogue, arguments.like), arguments.k, **options)
    if arguments.named is not None:
        return searcher.by_class(arguments.named, arguments.k, **options)
    return searcher.search(arguments.drawing, arguments.k, **options)


def _as_json(searcher: Searcher, ranking: Ranking) -> dict[str, Any]:
    results = []
    for id, score, up in zip(ranking.ids, ranking.scores.tolist(), ranking.ups, strict=True):
        entry = searcher.catalogue.get(id)
        results.append(
            {
                "id": id,
                "score": round(score, 6),
                "path": str(entry.path),
                "format": entry.format,
                "faces": entry.faces,
                "group": entry.group,
                "up": up,
                "ups": list(entry.ups),
                "bounds": list(entry.bounds),
                "tags": list(entry.tags),
            }
        )
    sure = None if ranking.confidence is None else round(ranking.confidence, 6)
    return {
        "shapes": len(searcher),
        "confidence": sure,
        "taken_for": [
            {"word": one.word, "probability": round(one.probability, 6)} for one in ranking.taken_for
        ],
        "unknown": [{"word": one.word, "near": list(one.near)} for one in ranking.unknown],
        "results": results,
    }


def _print(searcher: Searcher, ranking: Ranking, asked: argparse.Namespace) -> None:
    from sketchshape.encoders.confidence import UNSURE

    if ranking.taken_for:
        say("taken for " + ", ".join(f"{one.word} {one.probability:.2f}" for one in ranking.taken_for))
    say(f"{'score':>6}  {'id':>6}  {'faces':>7}  shape")
    for id, score, path, up in zip(ranking.ids, ranking.scores, ranking.paths, ranking.ups, strict=True):
        entry = searcher.catalogue.get(id)
        alike = f"  (looks like {entry.group})" if entry.group != id else ""
        alike += f"  (with {up} up)" if len(entry.ups) > 1 else ""
        say(f"{score:6.3f}  {id:6}  {entry.faces:7}  {path}{alike}")
    if ranking.confidence is not None and ranking.confidence < UNSURE:
        what = "this drawing" if asked.drawing else f"{asked.words!r}"
        how = f"(confidence {ranking.confidence:.2f})"
        say(f"nothing here looks much like {what} {how}; the nearest are shown")


def said_of(unknown: Unknown) -> str:
    """Say that a word is unknown, and which may have been meant."""
    near = f"; did you mean {' or '.join(map(repr, unknown.near))}?" if unknown.near else ""
    return f"no name has {unknown.word!r}, and it is no word that the network knows{near}"


def _reason(searcher: Searcher, arguments: argparse.Namespace, ranking: Ranking) -> str:
    """Say why a search has no result, and what there is instead."""
    if not len(searcher):
        return f"the index is empty; put shapes in it: sketchshape index FOLDER --out {arguments.index}"
    given = {"--folder": arguments.folder, "--format": arguments.format, "--faces": arguments.faces}
    filters = " with ".join(name for name, value in given.items() if value is not None)
    if not filters and arguments.like is not None:
        return "there is no other shape in the index"
    if ranking.unknown:
        return "; ".join(map(said_of, ranking.unknown))
    if not filters:
        return (
            f"no name of the {len(searcher)} shapes has a word of {arguments.words!r}, and none looks like it"
        )
    formats = ", ".join(name for (name,) in searcher.catalogue.rows("SELECT DISTINCT format FROM shape"))
    (fewest, most), *_ = searcher.catalogue.rows("SELECT MIN(faces), MAX(faces) FROM content")
    there = f"the {len(searcher)} of the index are {formats} of {fewest} to {most} faces"
    return f"no shape passes {filters}; {there}"


def _open(path: Path) -> None:
    """Open a file with the program that the desktop has for it."""
    if sys.platform == "win32":
        os.startfile(path)
        return
    program = "open" if sys.platform == "darwin" else "xdg-open"
    try:
        subprocess.Popen([program, str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except OSError as error:
        raise UsageError(
            f"--open: {program} cannot be started ({error.strerror}); open {path} yourself"
        ) from None


def _range(text: str) -> tuple[int | None, int | None]:
    least, dash, most = text.partition("-")
    try:
        limits = (int(least) if least else None, int(most) if most else None)
    except ValueError:
        dash = ""
        limits = (None, None)
    if not dash or limits == (None, None):
        raise argparse.ArgumentTypeError(f"{text!r} is not MIN-MAX, such as 100-5000, 100- or 0-5000")
    if None not in limits and int(least) > int(most):
        raise argparse.ArgumentTypeError(f"{text!r} leaves nothing: its least is above its most")
    return limits
