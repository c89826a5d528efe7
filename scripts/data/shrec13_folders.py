"""Lay out SHREC'13 as folders, to measure a network that never saw it.

    python scripts/data/shrec13_folders.py --data DIR --run RUN --out OUT
    sketchshape evaluate RUN --queries OUT/all --gallery OUT/shapes
    sketchshape evaluate RUN --queries OUT/unknown --gallery OUT/shapes

DIR is laid out as configs/shrec13.toml reads it. OUT/all has its test sketches and OUT/shapes all its
shapes, a folder for each class, linked; OUT/known and OUT/unknown have the sketches of classes that RUN
learned a shape of, and the others. What is called otherwise there and here is joined as
scripts/data/bundle_words.py has it.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from bundle_words import meaning
from linking import link

from sketchshape.datasets import Dataset, load_dataset
from sketchshape.runs.folder import read_run


def main() -> None:
    """Read the command line and link."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="SHREC'13")
    parser.add_argument("--run", type=Path, required=True, help="whose classes are known")
    parser.add_argument("--out", type=Path, required=True, help="replaced")
    asked = parser.parse_args()
    shutil.rmtree(asked.out, ignore_errors=True)
    known = lay_out(load_dataset("shrec13", asked.data), set(read_run(asked.run)[1]["classes"]), asked.out)
    print(f"{asked.out}: {len(known)} known classes, {', '.join(sorted(known))}")


def lay_out(dataset: Dataset, classes: set[str], out: Path) -> set[str]:
    """Link sketches and shapes, and name the classes that are among those that were learned."""
    learned = set(map(meaning, classes))
    known = {name for name in dataset.classes if meaning(name) in learned}
    for item in dataset.shapes:
        link(item.path, out / "shapes" / dataset.classes[item.label] / item.path.name)
    for sketch in dataset.test:
        name = dataset.classes[sketch.label]
        for part in ("all", "known" if name in known else "unknown"):
            link(sketch.path, out / part / name / sketch.path.name)
    return known


if __name__ == "__main__":
    main()
