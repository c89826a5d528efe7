"""List the sketches of SHREC'13 and SHREC'14 that nothing may be learned from or chosen with.

    python scripts/data/shrec_sketches.py LISTS

LISTS holds the official lists, SHREC13_SBR_Sketch_Test.cla and so on, in any sub-folders. The sketches of
both benchmarks are TU-Berlin's, under its numbers, so a sketch is known as tuberlin:<number> wherever it
comes from. <benchmark>-test-sketches.txt in configs/keys has the test sketches,
shrec13-validation-sketches.txt also the training sketches that --set data.validation=0.2 holds out: what is
left out while something is chosen. shrec13-sketches.txt has all 7,200, for a backbone that has seen none.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sketchshape.datasets import SketchItem, split_validation
from sketchshape.datasets.cla import read_cla
from sketchshape.errors import SketchshapeError
from sketchshape.train.data.inputs import SPLIT_SEED

KEYS = Path(__file__).parents[2] / "configs/keys"
VALIDATION = 0.2


def main() -> None:
    """Read the command line and write the lists."""
    parser = argparse.ArgumentParser(description="List the test sketches of SHREC'13 and SHREC'14.")
    parser.add_argument("lists", type=Path, help="folder with the official .cla files")
    parser.add_argument("--out", type=Path, default=KEYS, help="folder for the keys")
    arguments = parser.parse_args()
    try:
        for year, benchmark in (("13", "shrec13"), ("14", "shrec14")):
            test = listed(find(arguments.lists, f"SHREC{year}_SBR_Sketch_Test.cla"))
            what = f"the test sketches of SHREC'{year}"
            write(arguments.out / f"{benchmark}-test-sketches.txt", what, test)
            if benchmark == "shrec13":
                training = find(arguments.lists, f"SHREC{year}_SBR_Sketch_Train.cla")
                every = "all sketches of SHREC'13, those to learn from too"
                write(arguments.out / f"{benchmark}-sketches.txt", every, test | listed(training))
                chosen = validation(training)
                what += f" and the training sketches that --set data.validation={VALIDATION} holds out"
                write(arguments.out / f"{benchmark}-validation-sketches.txt", what, test | chosen)
    except (SketchshapeError, OSError) as error:
        sys.exit(str(error))


def find(folder: Path, name: str) -> Path:
    """Find a list in a folder."""
    paths = sorted(folder.rglob(name))
    if not paths:
        sys.exit(f"{name} is not under {folder}, expected the official lists of SHREC'13 and SHREC'14")
    return paths[0]


def listed(path: Path) -> set[str]:
    """Give the numbers of a list."""
    return {number for numbers in read_cla(path).values() for number in numbers}


def validation(path: Path) -> set[str]:
    """Give the numbers of the training sketches that are held out, split as a training splits them."""
    items = [
        SketchItem(number, label, path)
        for label, numbers in enumerate(read_cla(path).values())
        for number in numbers
    ]
    return {item.id for item in split_validation(items, VALIDATION, SPLIT_SEED)[1]}


def write(path: Path, what: str, numbers: set[str]) -> None:
    """Write a list, sorted."""
    head = [
        f"# {what}, by their numbers in TU-Berlin",
        "# made by: python scripts/data/shrec_sketches.py LISTS",
    ]
    keys = sorted(f"tuberlin:{number}" for number in numbers)
    path.write_text("\n".join([*head, *keys]) + "\n", encoding="utf-8")
    print(f"{path}: {len(keys)} sketches")


if __name__ == "__main__":
    main()
