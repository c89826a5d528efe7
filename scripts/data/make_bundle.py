"""Train the bundle that ships: python scripts/data/make_bundle.py --cc0 DIR --quickdraw DIR [--exclude FILE].

DIR of --cc0 holds manifest.csv (class,file,author,pack,licence) and the meshes it names; DIR of --quickdraw
holds <word>.ndjson. Every class that has a Quick, Draw! word is learned, the other words by the words head.
For the figures on the card, the test drawings of the bundled sample and a tenth of the others of each class
are held out of training, and of the other words whatever was held out of pre-training.
FILE (columns part and source) names drawings of a benchmark: those of its test part are left out altogether.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sketchshape.config import load_config
from sketchshape.config.run import RunSettings
from sketchshape.datasets import sample_root
from sketchshape.encoders import default_bundle
from sketchshape.files import digest
from sketchshape.train.export.bundle import export_run
from sketchshape.train.run import train_run

CONFIGS = Path(__file__).parents[2] / "configs"
CONFIG = CONFIGS / "recipes/bundle.toml"
PRETRAINING = CONFIGS / "keys/held-out-drawings.txt"
HELD_OUT = 0.1

ABOUT = """## Made from

* Shapes by {authors}, released under CC0 1.0 (https://creativecommons.org/publicdomain/zero/1.0/).
* Drawings from the Quick, Draw! Dataset (https://github.com/googlecreativelab/quickdraw-dataset), made
  available by Google, Inc. under Creative Commons Attribution 4.0 International
  (https://creativecommons.org/licenses/by/4.0/); only those that the game recognised.
* The weights of MobileNet v1, trained on ImageNet, (c) Google, Apache License 2.0
  (https://www.apache.org/licenses/LICENSE-2.0). Those of the shapes' network are not changed but for folding
  batch-norms into convolutions and rounding to half precision; those of the sketches' network were trained
  further on 16,108 Quick, Draw! drawings of 345 words (`sketchshape pretrain
  configs/pretrain/quickdraw.toml`). The same words are what the words head tells apart.

The test drawings above were held out of training and pre-training: a tenth of each class, and all test
drawings of the bundled sample. The shapes are those that the teacher learned from, as in the closed-gallery
protocol of the paper. Which line drawings to make, the weight of the words head and where the class centers
are were chosen with a look at the same test drawings, so their figures are a little too good; nothing was
chosen on the sketches of the next section.

## Shapes that it has never seen

Trained as above with 3 seeds and tried on the shapes of the benchmark psb76 in the 39 classes that both have
(568 shapes, 599 test sketches): NN 59.0 ± 1.2 %, mAP 49.5 ± 0.3 %. The line drawings do most of it: without
them, the words head and the simplex NN is 41.1 and mAP 34.4. For the 508 test sketches of the 37 other
classes, of which it knows drawings but no shapes, among all 1,258 shapes: NN 33.1 ± 0.6 %, mAP 26.8 ± 0.3 %.
The commands are in docs/decisions/0006-words.md.

## Limits

* A scribble that a person could not name is not found either; docs/images/failures.png shows the ten worst of
  the test drawings (`sketchshape report build/bundle/run`).
* Shapes must stand upright. What is none of the classes in bundle.json is found by what it looks like in
  lines only.
* The drawings are of people who had 20 seconds and a mouse, from all over the world but not evenly.
* How sure a search is was fitted on drawings of these 89 classes and 587 shapes; in a library of
  thousands it is a little too sure. `weights` and `bias` of `confidence` are a second curve over the
  embedding of a drawing, which tells scribbles, words and dots from things; it was fitted afterwards, by
  scripts/data/fit_nonsense.py, and docs/drawings.md has its rates.

## How it was made

`scripts/data/make_bundle.py` makes this folder from the sources.
"""


def main() -> None:
    """Read the command line, train and export."""
    parser = argparse.ArgumentParser(description="Train the bundle that ships with the package.")
    parser.add_argument("--cc0", type=Path, required=True, help="folder of the CC0 shapes, with manifest.csv")
    parser.add_argument("--quickdraw", type=Path, required=True, help="folder of <word>.ndjson")
    parser.add_argument("--exclude", type=Path, help="CSV of drawings; those of part test are left out")
    parser.add_argument("--work", type=Path, default=Path("build/bundle"), help="data set and run go here")
    parser.add_argument("--out", type=Path, default=default_bundle(), help="where the bundle goes (replaced)")
    arguments = parser.parse_args()
    data, run = arguments.work / "data", arguments.work / "run"
    authors = lay_out(arguments.cc0, arguments.quickdraw, excluded(arguments.exclude), data)
    settings = load_config(RunSettings, CONFIG, [f"data.path={json.dumps(str(data))}"])
    train_run(settings, run, command=["python", "scripts/data/make_bundle.py"])
    exported = export_run(run, arguments.out, about=ABOUT.format(authors=authors), replace=True)
    print(
        f"{arguments.out}: {exported.bytes / 1e6:.1f} MB, least cosine to torch {exported.parity.cosine:.6f}"
    )


def lay_out(cc0: Path, quickdraw: Path, left_out: set[str], out: Path) -> str:
    """Make the data set in the layout `folder` and name the authors of its shapes."""
    shutil.rmtree(out, ignore_errors=True)
    with (cc0 / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if (quickdraw / f"{row['class']}.ndjson").is_file()]
    for row in rows:
        target = out / "shapes" / row["class"] / Path(row["file"]).name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to((cc0 / row["file"]).resolve())
    sample = sample_keys()
    classes = {row["class"] for row in rows}
    held = left_out | set(PRETRAINING.read_text(encoding="utf-8").split())
    for path in sorted(quickdraw.glob("*.ndjson")):
        if path.stem in classes:
            drawings = [one for one in read(path) if one["key_id"] not in left_out]
            parts = split(drawings, sample)
        else:
            parts = {"train": [one for one in read(path) if one["key_id"] not in held]}
        for part, members in parts.items():
            target = out / "sketches" / part / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text("".join(json.dumps(one) + "\n" for one in members), encoding="utf-8")
    return ", ".join(sorted({row["author"] for row in rows}))


def split(drawings: list[dict[str, Any]], held: set[str]) -> dict[str, list[dict[str, Any]]]:
    """Hold out the drawings named, and a tenth of the others by a hash of their keys."""
    free = sorted(
        (one["key_id"] for one in drawings if one["key_id"] not in held), key=lambda key: digest(key)
    )
    test = held | set(free[: round(len(free) * HELD_OUT)])
    return {
        "train": [one for one in drawings if one["key_id"] not in test],
        "test": [one for one in drawings if one["key_id"] in test],
    }


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Give the recognised drawings of a word."""
    for line in path.read_text(encoding="utf-8").splitlines():
        one = json.loads(line)
        if one["recognized"]:
            yield one


def sample_keys() -> set[str]:
    """Name the test drawings of the bundled sample."""
    return {
        one["key_id"] for path in (sample_root() / "sketches/test").glob("*.ndjson") for one in read(path)
    }


def excluded(path: Path | None) -> set[str]:
    """Name the Quick, Draw! drawings of the test part of a benchmark."""
    if path is None:
        return set()
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["part"] == "test"]
    return {row["source"].partition(":")[2] for row in rows if row["source"].startswith("quickdraw:")}


if __name__ == "__main__":
    main()
