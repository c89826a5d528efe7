"""Lay out the classes that two collections of shapes share, to measure a network on the one it never saw.

Run: python scripts/data/cross_corpus.py --psb76 DIR --cc0 DIR --drawings DIR --out DIR
Then: sketchshape evaluate RUN --queries OUT/psb76/sketches --gallery OUT/psb76/shapes   (trained on CC0)
      sketchshape evaluate RUN --queries OUT/cc0/sketches --gallery OUT/cc0/shapes       (trained on psb76)
      sketchshape evaluate RUN --queries OUT/unseen/sketches --gallery OUT/unseen/shapes (trained on CC0)

The first two folders have the same classes. The third one has all shapes of psb76, and sketches of those
classes that are not in CC0. The part validation is what is held out of training to choose by. Everything is
linked or cut out, nothing is changed.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from linking import link

from sketchshape.datasets import Dataset, class_key, load_dataset, split_validation
from sketchshape.mesh import FORMATS
from sketchshape.train.data.inputs import SPLIT_SEED

VALIDATION = 0.2  # as the configurations of psb76 have it
SAME = {  # psb76 -> CC0, where the words differ
    "car_sedan": "car",
    "flower_with_stem": "flower",
    "potted_plant": "house_plant",
    "tv": "television",
    "wine-bottle": "wine_bottle",
}


def main() -> None:
    """Read the command line and link."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--psb76", type=Path, required=True, help="root of psb76")
    parser.add_argument("--cc0", type=Path, required=True, help="folder of the CC0 shapes, one of each class")
    parser.add_argument("--drawings", type=Path, required=True, help="folder of held-out <class>.ndjson")
    parts = ("train", "validation", "test")
    parser.add_argument("--part", choices=parts, default="test", help="which sketches of psb76")
    parser.add_argument("--out", type=Path, required=True, help="replaced")
    asked = parser.parse_args()
    shutil.rmtree(asked.out, ignore_errors=True)
    benchmark = load_dataset("psb76", asked.psb76)
    shared = shared_classes(benchmark, asked.cc0)
    link_benchmark(benchmark, shared, asked.part, asked.out)
    for name in shared.values():
        for path in sorted((asked.cc0 / name).iterdir()):
            if path.suffix.lower() in FORMATS:
                link(path, asked.out / "cc0/shapes" / name / path.name)
        drawings = asked.drawings / f"{name}.ndjson"
        if drawings.is_file():
            link(drawings, asked.out / "cc0/sketches" / drawings.name)
    print(f"{len(shared)} classes: {', '.join(shared.values())}")


def shared_classes(benchmark: Dataset, cc0: Path) -> dict[str, str]:
    """Give the name in psb76 and in CC0 of each class that has shapes in both and sketches in psb76."""
    there = {class_key(path.name): path.name for path in sorted(cc0.iterdir()) if path.is_dir()}
    drawn = {benchmark.classes[item.label] for item in benchmark.train}
    named = {name: class_key(SAME.get(name, name)) for name in benchmark.classes if name in drawn}
    return {name: there[key] for name, key in named.items() if key in there}


def link_benchmark(benchmark: Dataset, shared: dict[str, str], part: str, out: Path) -> None:
    """Link shapes and sketches of psb76 under the names of CC0: what it has, and what it has not."""
    _, validation = split_validation(benchmark.train, VALIDATION, SPLIT_SEED)
    items = {"train": benchmark.train, "validation": validation, "test": benchmark.test}[part]
    for kind, members in (("shapes", benchmark.shapes), ("sketches", items)):
        for item in members:
            name = benchmark.classes[item.label]
            place = Path(kind, shared.get(name, name), item.path.name)
            if name in shared:
                link(item.path, out / "psb76" / place)
            if name not in shared or kind == "shapes":
                link(item.path, out / "unseen" / place)


if __name__ == "__main__":
    main()
