"""Fit how surely a search says that a library has what was drawn, on shapes that nothing was learned from.

    python scripts/data/fit_confidence.py --like DIR --shapes DIR --drawings DIR [--bundle DIR]

`--like` is a bundle of the same recipe that did not learn from the shapes in DIR/<word>; make_bundle.py has
one. They are indexed as a person's library is, each with the ways up that it may stand in, and asked for with
the drawings that are held out: those of words that it has, those of words that it has not, and nonsense. With
half of the words the curve is fitted and with the other half it is measured, and the other way round. The
curve of all words goes into bundle.json, and the rates into the model card.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from bundle_data import KEYS, LEFT_OUT
from fit_nonsense import write_confidence
from fit_words import key_of
from nonsense import NONSENSE

from sketchshape.datasets import class_key, read_labelled_folder
from sketchshape.encoders import Bundle
from sketchshape.encoders.confidence import UNSURE, Confidence
from sketchshape.errors import SketchError
from sketchshape.files import digest, write_text
from sketchshape.images import prepare
from sketchshape.index import build_index
from sketchshape.runs.calibration import fit_confidence
from sketchshape.search import Searcher
from sketchshape.types import F32, U8

OF_A_KIND = 150  # of nonsense
HEADING = "## How sure it is"
BEFORE = "## Limits"  # the section of the card that it comes before


@dataclass(frozen=True)
class Asked:
    """What a search was asked, and what it found.

    Args:
        kind: of the drawing.
        half: 0 or 1, the half of the words that its word is in.
        there: whether the library has a shape of the word.
        likeness: of the best shape.
        row: (D,) embedding of the drawing.
    """

    kind: str
    half: int
    there: bool
    likeness: float
    row: F32


def main() -> None:
    """Read the command line, search, fit and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--like", type=Path, required=True, help="bundle that did not learn from the shapes")
    parser.add_argument("--shapes", type=Path, required=True, help="folder of <word>/<mesh>")
    parser.add_argument("--drawings", type=Path, required=True, help="folder of <word>.ndjson")
    parser.add_argument("--held-out", type=Path, default=KEYS / LEFT_OUT, help="keys of what was held out")
    parser.add_argument("--work", type=Path, default=Path("build/confidence"), help="where the index goes")
    parser.add_argument("--bundle", type=Path, help="folder of the bundle that is told (that which ships)")
    parser.add_argument("--up", default="auto", help="axis that points up in the shapes (auto)")
    asked = parser.parse_args()
    like, told = Bundle.open(asked.like), Bundle.open(asked.bundle)
    summary = build_index(asked.shapes, asked.work, bundle=like, up=asked.up)
    searcher = Searcher.open(asked.work, bundle=like)
    keys = frozenset(asked.held_out.read_text(encoding="utf-8").split())
    found = ask(searcher, asked.drawings, keys)
    assert like.confidence is not None
    assert told.confidence is not None
    halves = [fitted([one for one in found if one.half != half], like.confidence) for half in (0, 1)]
    lines = [f"{summary.shapes} shapes, {summary.unsure} of which are kept in more than one way up.", ""]
    lines += [*table(found, halves), ""]
    curve = fitted(found, told.confidence)
    write_confidence(told.folder, curve)
    write_rates(told.folder, "\n".join(lines))
    print("\n".join(lines), f"slope {curve.slope:.2f}, middle {curve.middle:.3f}", sep="\n")


def ask(searcher: Searcher, drawings: Path, keys: frozenset[str]) -> list[Asked]:
    """Search with the drawings of some keys, and with nonsense."""
    there = {class_key(entry.path.parent.name) for entry in searcher.catalogue.entries()}
    found = []
    for name, item in read_labelled_folder(drawings, "sketches"):
        if (key := key_of(item)) not in keys:
            continue
        has, half = class_key(name) in there, int(digest("half", class_key(name))[:8], 16) % 2
        careful = "careful" if key.startswith("tuberlin") else "quick"
        kind = f"{careful} drawings of what {'is there' if has else 'is not'}"
        try:
            found.append(one(searcher, item.read(), kind, half, has))
        except SketchError:
            continue
    for number, (kind, make) in enumerate(NONSENSE.items()):
        for n in range(OF_A_KIND):
            picture = make(np.random.default_rng([2 * n + 1, number]))
            found.append(one(searcher, picture, kind, n % 2, False))
    return found


def one(searcher: Searcher, picture: U8, kind: str, half: int, there: bool) -> Asked:
    """Search with one drawing."""
    row = searcher.bundle.embed_sketches(prepare(picture, searcher.bundle.sketch_size)[None])[0]
    return Asked(kind, half, there, searcher.search(picture, 1).scores[0], row)


def fitted(found: list[Asked], nonsense: Confidence) -> Confidence:
    """Fit the curve of the likeness to drawings of things; that of nonsense stays."""
    things = [one for one in found if one.kind not in NONSENSE]
    sides = [np.array([one.likeness for one in things if one.there == there]) for there in (True, False)]
    curve = fit_confidence(*sides)
    return replace(nonsense, slope=curve.slope, middle=curve.middle)


def table(found: list[Asked], halves: list[Confidence]) -> list[str]:
    """Write how often each kind of drawing is told to be there, by the curve of the other half."""
    kinds = dict.fromkeys(one.kind for one in found)
    lines = ["| | drawings | told to be there |", "|---|---|---|"]
    for kind in sorted(kinds, key=lambda kind: kind in NONSENSE):
        own = [one for one in found if one.kind == kind]
        sure = np.array([halves[one.half].of(one.likeness, one.row) >= UNSURE for one in own])
        lines.append(f"| {kind} | {len(own)} | {100 * sure.mean():.1f} % |")
    return lines


def write_rates(folder: Path, rates: str) -> None:
    """Write the rates into the card, in place of those that are there."""
    card = (folder / "README.md").read_text(encoding="utf-8")
    start, end = card.find(HEADING), card.index(BEFORE)
    text = (
        f"{HEADING}\n\nMeasured on shapes of packs that a bundle of the same recipe did not learn from, with "
        f"drawings that were held out,\nhalf of the words by a curve that was fitted to the other half\n"
        f"(`scripts/data/fit_confidence.py`). {rates}\n"
    )
    write_text(folder / "README.md", card[: start if start >= 0 else end] + text + card[end:])


if __name__ == "__main__":
    main()
