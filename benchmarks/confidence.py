"""How often a search says rightly that the library has what was drawn, and that it has not.

Run: python benchmarks/confidence.py INDEX --drawings DIR    (<word>.ndjson of Quick, Draw!)

The index is of a library with a folder for each class. Drawings of things are those that nothing was trained
on (configs/keys/held-out-drawings.txt), nonsense is made from other seeds than was learned from.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import numpy as np
from nonsense import NONSENSE

from sketchshape.datasets import class_key
from sketchshape.encoders.confidence import UNSURE
from sketchshape.images import Strokes, draw_strokes
from sketchshape.search import Searcher
from sketchshape.types import U8

HELD_OUT = Path(__file__).parents[1] / "configs/keys/held-out-drawings.txt"
OF_A_KIND = 150  # of nonsense


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("index", type=Path)
    parser.add_argument("--drawings", type=Path, required=True)
    asked = parser.parse_args()
    searcher = Searcher.open(asked.index)
    there = {class_key(entry.path.parent.name) for entry in searcher.catalogue.entries(0, 10**6)}
    keys = set(HELD_OUT.read_text(encoding="utf-8").split())
    words = [(word, [draw_strokes(one) for one in found]) for word, found in drawings(asked.drawings, keys)]
    present = [one for word, found in words if class_key(word) in there for one in found]
    absent = [one for word, found in words if class_key(word) not in there for one in found]
    print(f"{len(searcher)} shapes of {len(there)} classes; percent that are told to be there")
    show("drawings of what is there", searcher, present)
    show("drawings of what is not", searcher, absent)
    for number, (kind, make) in enumerate(NONSENSE.items()):
        show(kind, searcher, (make(np.random.default_rng([2 * n + 1, number])) for n in range(OF_A_KIND)))


def drawings(
    folder: Path, keys: set[str] | None = None, without: Collection[str] = ()
) -> Iterator[tuple[str, list[Strokes]]]:
    """Give each word with its drawings: those of some keys, or all that were recognised but for some keys."""
    for path in sorted(folder.glob("*.ndjson")):
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        found = [one for one in lines if (one["recognized"] if keys is None else one["key_id"] in keys)]
        found = [one for one in found if one["key_id"] not in without]
        if found:
            yield path.stem, [[stroke[:2] for stroke in one["drawing"]] for one in found]


def show(kind: str, searcher: Searcher, pictures: Iterable[U8]) -> None:
    """Print how many drawings of a kind there are, and how many of them are told to be there."""
    sure = [searcher.search(one, 1).confidence or 0.0 for one in pictures]
    print(f"{kind:28} {len(sure):5} {100 * np.mean(np.array(sure) >= UNSURE):6.1f}", flush=True)


if __name__ == "__main__":
    main()
