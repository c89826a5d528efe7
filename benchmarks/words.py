"""How well words find shapes by their looks, by the names of files, and by both.

Run: python benchmarks/words.py INDEX [--half reported] [--drawings DIR] [--bundle DIR]

The index is of a library with a folder for each class; the folders' names are the words that are asked, and
are hidden from the search. Classes that mean none of the bundle's words are left out. The halves of the
classes are told apart by a hash: weights were chosen on the first. With DIR, <word>.ndjson of Quick, Draw!,
held-out drawings are searched with too, alone and with their word, and it is told what they are taken for.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from confidence import HELD_OUT, drawings

from sketchshape.datasets import class_key
from sketchshape.encoders.confidence import UNSURE
from sketchshape.files import digest
from sketchshape.metrics import evaluate
from sketchshape.search import Searcher
from sketchshape.search.looks import Looks
from sketchshape.search.names import Names
from sketchshape.search.thesaurus import Thesaurus, spelled
from sketchshape.search.words import Words
from sketchshape.types import F32

HALVES = ("chosen", "reported")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("index", type=Path)
    parser.add_argument("--half", choices=HALVES, help="only the classes of one half (all)")
    parser.add_argument("--drawings", type=Path, metavar="DIR", help="<word>.ndjson of Quick, Draw!")
    parser.add_argument("--bundle", type=Path, metavar="DIR", help="of the index (that which ships)")
    asked = parser.parse_args()
    searcher = Searcher.open(asked.index, asked.bundle)
    vocabulary = searcher.bundle.words
    assert vocabulary is not None, "the bundle has no words"
    paths = [entry.path for entry in searcher.catalogue.entries()]
    classes = np.array([class_key(path.parent.name) for path in paths])
    thesaurus = Thesaurus(vocabulary.names)
    words = [name for name in sorted(set(classes)) if thesaurus.meaning(spelled(name))]
    words = [name for name in words if asked.half in (None, half_of(name))]
    looks = Looks(searcher._looks, searcher._ways.best)
    stems = Names([path.stem] for path in paths)
    ways = {
        "looks alone": Words(Names([] for _ in paths), vocabulary.names, looks),
        "names alone": Words(stems),
        "names, with synonyms": Words(stems, vocabulary.names),
        "both": Words(stems, vocabulary.names, looks),
    }
    trained = {class_key(name) for name in searcher.bundle.classes}
    groups = {
        "all": words,
        "trained": [name for name in words if name in trained],
        "not trained": [name for name in words if name not in trained],
    }
    print(f"{len(searcher)} shapes; mAP and NN in percent")
    print(" " * 22 + "".join(f"{name + f' ({len(of)})':>18}" for name, of in groups.items()))
    for name, way in ways.items():
        cells = [measured(way, of, classes) for of in groups.values()]
        print(f"{name:22}" + "".join(f"{100 * map_:12.1f} {100 * nn:5.1f}" for map_, nn in cells))
    sure(ways["looks alone"], words, classes)
    if asked.drawings:
        drawn(searcher, asked.drawings, ways["looks alone"], words, classes)


def half_of(name: str) -> str:
    """Tell which half of the classes a class is in."""
    return HALVES[int(digest("words", name)[:8], 16) % 2]


def measured(way: Words, words: Sequence[str], classes: np.ndarray) -> tuple[float, float]:
    """Give mAP and NN, 0..1."""
    if not words:
        return float("nan"), float("nan")
    scores = evaluate(np.stack([way.find(word).gain for word in words]), np.array(words), classes)
    return scores.map, scores.nn


def sure(way: Words, words: Sequence[str], classes: np.ndarray) -> None:
    """Print how often the first shape is right where the search is sure, and where it doubts."""
    found: list[F32] = [way.find(word).sure for word in words]
    told = np.array([one.max() for one in found]) >= UNSURE
    right = np.array([classes[one.argmax()] == word for one, word in zip(found, words, strict=True)])
    absent = [one[classes != word].max() >= UNSURE for one, word in zip(found, words, strict=True)]
    print(f"sure by looks: {told.sum()} words, the first shape right for {100 * right[told].mean():.0f} %")
    print(f"in doubt: {(~told).sum()} words, the first shape right for {100 * right[~told].mean():.0f} %")
    print(f"sure with the shapes of the word taken out: {100 * np.mean(absent):.0f} %")


def drawn(searcher: Searcher, folder: Path, way: Words, words: Sequence[str], classes: np.ndarray) -> None:
    """Print what held-out drawings are taken for, and what their word, taken for meant, adds to a search."""
    keys, vocabulary = set(HELD_OUT.read_text(encoding="utf-8").split()), searcher.bundle.words
    assert vocabulary is not None
    ranks: list[int] = []
    alike: list[F32] = []
    asked: list[str] = []
    for word, found in drawings(folder, keys):
        for strokes in found:
            sketch = searcher.embed(strokes)
            shares = vocabulary.of_sketch(sketch, searcher.bundle.likeness)
            ranks.append(int((shares > shares[vocabulary.names.index(word)]).sum()))
            if class_key(word) in words:
                likeness = searcher.bundle.likeness.between(sketch[None], searcher._shapes)[0]
                alike.append(searcher._ways.best(likeness[searcher._rows]))
                asked.append(class_key(word))
    first, five = (100 * np.mean(np.array(ranks) < count) for count in (1, 5))
    print(f"{len(ranks)} held-out drawings: their word first {first:.1f} %, among five {five:.1f} %")
    gains = {word: way.find(word).gain for word in set(asked)}
    with_word = np.stack([one + gains[word] for one, word in zip(alike, asked, strict=True)])
    for name, scores in (("drawings alone", np.stack(alike)), ("with their word", with_word)):
        result = evaluate(scores, np.array(asked), classes)
        print(f"{name:22}{100 * result.map:12.1f} {100 * result.nn:5.1f}   ({len(asked)} drawings)")


if __name__ == "__main__":
    main()
