"""Teach a bundle the words that it has seen drawn.

    python scripts/data/fit_words.py --drawings DIR [--held-out FILE] [--bundle DIR]

DIR holds <word>.ndjson of Quick, Draw!, or a folder of drawings for each word. Of each word the mean
embedding of its drawings is kept; with those held out, whose keys FILE names, one a line, it is fitted how
surely the likeness to it tells the word. Written is words.npz in the folder of the bundle, whose hash stays.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from sketchshape.datasets import SketchItem, read_labelled_folder
from sketchshape.encoders import Bundle
from sketchshape.encoders.record import seal
from sketchshape.errors import SketchshapeError
from sketchshape.files import digest
from sketchshape.images import prepare
from sketchshape.progress import Steps
from sketchshape.runs.vocabulary import Labelled, fit_vocabulary
from sketchshape.types import F32

HELD_OUT = Path(__file__).parents[2] / "configs/keys/held-out-drawings.txt"


def main() -> None:
    """Read the command line, embed the drawings, fit and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--drawings", type=Path, required=True, help="folder of <word>.ndjson or <word>/*")
    parser.add_argument("--held-out", type=Path, default=HELD_OUT, help="keys of what was held out")
    parser.add_argument("--each", type=int, default=40, help="drawings of a word that are learned from (40)")
    parser.add_argument("--bundle", type=Path, help="folder of the bundle (that which ships)")
    asked = parser.parse_args()
    bundle = Bundle.open(asked.bundle)
    keys = set(asked.held_out.read_text(encoding="utf-8").split())
    items = read_labelled_folder(asked.drawings, "sketches")
    names = {item.label: name for name, item in reversed(items)}  # of two spellings the first
    held = [item for _, item in items if key_of(item) in keys]
    learned = [item for _, item in some((item for _, item in items if key_of(item) not in keys), asked.each)]
    words = fit_vocabulary(
        tuple(names[label] for label in range(len(names))),
        embed(bundle, learned, "drawings"),
        embed(bundle, held, "drawings held out"),
        bundle.likeness,
    )
    words.save(bundle.folder, bundle.hash)
    seal(bundle.folder)
    print(f"{len(words.names)} words of {len(learned)} drawings, sharpness {words.sharpness:.2f}")


def key_of(item: SketchItem) -> str:
    """Give the key of a drawing: that of Quick, Draw!, or the name of its file."""
    return item.id.partition("#")[2] or Path(item.id).stem


def some(items: Iterable[SketchItem], each: int) -> Iterator[tuple[int, SketchItem]]:
    """Choose so many drawings of each word, by a hash of their keys."""
    counts: dict[int, int] = {}
    for item in sorted(items, key=lambda item: digest(key_of(item))):
        counts[item.label] = counts.get(item.label, 0) + 1
        if counts[item.label] <= each:
            yield item.label, item


def embed(bundle: Bundle, items: list[SketchItem], what: str) -> Labelled:
    """Embed drawings as searching does; what cannot be read is left out."""
    rows: list[F32] = []
    labels = []
    with Steps(what, len(items), "drawings") as steps:
        for item in items:
            steps.advance()
            try:
                picture = prepare(item.read(), bundle.sketch_size)
            except (SketchshapeError, ValueError):
                continue
            rows.append(bundle.embed_sketches(picture[None])[0])
            labels.append(item.label)
    return Labelled(np.stack(rows), np.array(labels, np.int64))


if __name__ == "__main__":
    main()
