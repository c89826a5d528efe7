"""More drawings for `sketchshape pretrain`: the training sketches of psb76 as strokes, beside other drawings.

    pip install scikit-image scipy
    python scripts/data/sketch_drawings.py --psb76 DIR --drawings DRAWINGS --out FOLDER

DRAWINGS holds <word>.ndjson. The training sketches from Sketchy and TU-Berlin are pictures, whose lines are
followed; their keys are psb76:<sketch>. Those from Quick, Draw! are among the drawings already. No test
sketch is opened.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import defaultdict
from multiprocessing import Pool
from pathlib import Path

from drawing_files import drawing_line, write_beside
from picture_strokes import sketch_strokes

from sketchshape.datasets import SketchItem, load_dataset
from sketchshape.errors import SketchshapeError
from sketchshape.images import Strokes

WORDS = {  # of classes that are named otherwise than in the game
    "car_sedan": "car",
    "flower_with_stem": "flower",
    "ice-cream-cone": "ice cream",
    "potted_plant": "house plant",
    "standing_bird": "bird",
    "tv": "television",
    "wineglass": "wine glass",
    "wrist-watch": "wristwatch",
}


def main() -> None:
    """Read the command line and write the drawings."""
    parser = argparse.ArgumentParser(description="Make drawings of the training sketches of psb76.")
    parser.add_argument("--psb76", type=Path, required=True, help="folder of the data set")
    parser.add_argument("--drawings", type=Path, required=True, help="folder of <word>.ndjson")
    parser.add_argument("--out", type=Path, required=True, help="folder for both, as <word>.ndjson")
    arguments = parser.parse_args()
    words = {path.stem for path in arguments.drawings.glob("*.ndjson")}
    if not words:
        sys.exit(f"{arguments.drawings} has no .ndjson files, expected <word>.ndjson of drawings")
    try:
        drawn = draw(arguments.psb76)
    except (SketchshapeError, OSError) as error:
        sys.exit(f"{arguments.psb76} cannot be read as psb76: {error}")
    if unknown := sorted(set(drawn) - words):
        sys.exit(f"{arguments.drawings} has no {unknown[0]}.ndjson, expected a file for each class of psb76")
    write_beside(arguments.drawings, drawn, arguments.out)
    print(f"{arguments.out}: {sum(map(len, drawn.values()))} sketches of {len(drawn)} words")


def draw(root: Path) -> dict[str, list[str]]:
    """Draw the training sketches that are pictures: lines of an .ndjson file for each word."""
    with (root / "sources.csv").open(newline="", encoding="utf-8") as file:
        pictures = {
            row["sketch"] for row in csv.DictReader(file) if not row["source"].startswith("quickdraw:")
        }
    dataset = load_dataset("psb76", root, strict=False)
    sketches = [item for item in dataset.train if item.path.stem in pictures]
    lines: dict[str, list[str]] = defaultdict(list)
    with Pool() as pool:
        for item, strokes in zip(sketches, pool.imap(_strokes, sketches, chunksize=20), strict=True):
            word = word_of(dataset.classes[item.label])
            if strokes is None:
                print(f"{item.path}: no lines, left out", file=sys.stderr)
            else:
                lines[word].append(drawing_line(word, f"psb76:{item.path.stem}", strokes))
    return lines


def word_of(name: str) -> str:
    """Tell which word of the game a class of psb76 is."""
    return WORDS.get(name, name.replace("_", " ").replace("-", " "))


def _strokes(item: SketchItem) -> Strokes | None:
    return sketch_strokes(item.path)


if __name__ == "__main__":
    main()
