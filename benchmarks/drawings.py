"""Which drawings are found when they come as photographs, scans and odd files, beside the clean ones.

Run: python benchmarks/drawings.py INDEX [--seeds 2 3] [--part test]    (INDEX of the sample's shapes)
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from photographs import KINDS

from sketchshape.datasets import class_key, sample_root
from sketchshape.errors import SketchshapeError
from sketchshape.images import Strokes, draw_strokes, read_drawing_bytes
from sketchshape.search import Searcher
from sketchshape.types import U8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("index", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[2, 3])
    parser.add_argument("--part", choices=["train", "test"], default="test")
    parser.add_argument("--each", type=int, default=4, help="drawings of each class")
    parser.add_argument("--only", nargs="+", default=list(KINDS), help="kinds")
    parser.add_argument("--save", type=Path, help="folder for the pictures that are not found")
    asked = parser.parse_args()
    searcher = Searcher.open(asked.index)
    drawings = sample(asked.part, asked.each)
    clean = [first(searcher, draw_strokes(strokes)) for _, strokes in drawings]
    right = [class_key(name) == class_key(found) for (name, _), found in zip(drawings, clean, strict=True)]
    print(
        f"{len(drawings)} drawings, {len(asked.seeds)} seeds; percent whose first shape is of the right class"
    )
    print(f"{'clean':22} {100 * np.mean(right):5.1f}")
    for kind in asked.only:
        print(f"{kind:22} {photographed(searcher, drawings, kind, asked.seeds, asked.save):5.1f}", flush=True)


def sample(part: str, each: int) -> list[tuple[str, Strokes]]:
    """Give some drawings of each class of the bundled sample, with its name."""
    found = []
    for path in sorted((sample_root() / "sketches" / part).glob("*.ndjson")):
        for line in path.read_text(encoding="utf-8").splitlines()[:each]:
            found.append((path.stem, [stroke[:2] for stroke in json.loads(line)["drawing"]]))
    return found


def first(searcher: Searcher, sketch: U8) -> str:
    """Name the folder of the first shape."""
    return searcher.search(sketch, 1).paths[0].parent.name


def photographed(
    searcher: Searcher, drawings: list[tuple[str, Strokes]], kind: str, seeds: list[int], save: Path | None
) -> float:
    """Give the percent that are found when they come as pictures of a kind."""
    found = []
    for seed in seeds:
        for number, (name, strokes) in enumerate(drawings):
            random = np.random.default_rng([seed, number, sum(kind.encode())])
            data = KINDS[kind](strokes, random)
            try:
                ink = read_drawing_bytes(data, "drawing")
                found.append(class_key(first(searcher, ink)) == class_key(name))
            except SketchshapeError:
                ink, found = np.full((64, 64), 255, np.uint8), [*found, False]
            if save and not found[-1]:
                keep(save / kind.replace(" ", "_"), f"{seed}-{number}-{name}", data, ink)
    return 100 * float(np.mean(found))


def keep(folder: Path, name: str, data: bytes, ink: U8) -> None:
    """Save a picture and what was read from it."""
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.img").write_bytes(data)
    Image.fromarray(ink).save(folder / f"{name}.png")


if __name__ == "__main__":
    main()
