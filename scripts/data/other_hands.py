"""Lay out psb76's sketches of one collection by class, to ask a network that learned from other hands.

    python scripts/data/other_hands.py --psb76 DIR --source quickdraw --out OUT
    sketchshape evaluate RUN --queries OUT

SHREC'13 and psb76 have the same 1,258 shapes and class names, so a run on SHREC'13 ranks its own gallery for
sketches of people, pens and seconds that it has not learned from. Everything is linked, nothing is changed.
Leave the drawings in configs/keys/psb76-test-drawings.txt out of what its backbone learned from.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from cross_corpus import link

from sketchshape.datasets import load_dataset
from sketchshape.errors import SketchshapeError


def main() -> None:
    """Read the command line and link."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--psb76", type=Path, required=True, help="root of psb76")
    parser.add_argument("--source", default="quickdraw", help="collection, as sources.csv names it")
    parser.add_argument("--part", choices=("train", "test"), default="test", help="which sketches of psb76")
    parser.add_argument("--out", type=Path, required=True, help="replaced")
    asked = parser.parse_args()
    try:
        dataset = load_dataset("psb76", asked.psb76, strict=False, sources=(asked.source,))
    except SketchshapeError as error:
        sys.exit(str(error))
    shutil.rmtree(asked.out, ignore_errors=True)
    items = dataset.test if asked.part == "test" else dataset.train
    for item in items:
        link(item.path, asked.out / dataset.classes[item.label] / item.path.name)
    print(f"{asked.out}: {len(items)} sketches of {len({item.label for item in items})} classes")


if __name__ == "__main__":
    main()
