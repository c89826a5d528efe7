"""List the drawings that nothing may be trained on before it is measured: three files in configs.

    python scripts/data/held_out_drawings.py --cc0 DIR --quickdraw DIR --psb76 DIR

held-out-drawings.txt has the test drawings of the bundled sample and of the bundle that ships, and those of
psb76 that are tested or chosen with. Chosen is with the fifth of its training sketches that --set
data.validation=0.2 holds out, among them those that sketch_drawings.py makes drawings of.
psb76-test-drawings.txt has only those that psb76 is tested with, for what was chosen before.
bundle-left-out.txt has the first list, a tenth of TU-Berlin's sketches, and the test sketches of SHREC'13.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import Any

from bundle_data import recognised, sample_keys

from sketchshape.datasets import load_dataset, split_validation
from sketchshape.files import digest
from sketchshape.train.data.inputs import SPLIT_SEED

HELD_OUT = 0.1  # part of the drawings of a word
CONFIGS = Path(__file__).parents[2] / "configs/keys"


def main() -> None:
    """Collect the keys and write them, sorted."""
    parser = argparse.ArgumentParser(description="List the drawings that are held out of pre-training.")
    for name in ("cc0", "quickdraw", "psb76"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    arguments = parser.parse_args()
    tested = excluded(arguments.psb76 / "sources.csv")
    chosen = validation(arguments.psb76)
    shipped = bundle_test(arguments.cc0, arguments.quickdraw, tested)
    write("held-out-drawings.txt", tested | chosen | sample_keys() | shipped)
    write("psb76-test-drawings.txt", tested)
    write("bundle-left-out.txt", tested | chosen | sample_keys() | shipped | careful())
    print(f"psb76: {len(tested)} test, {len(chosen)} validation")
    print(f"sample: {len(sample_keys())}, bundle: {len(shipped)}")


def write(name: str, keys: set[str]) -> None:
    """Write a list, sorted."""
    lines = [
        "# key_id of drawings, most of Quick, Draw!; made by scripts/data/held_out_drawings.py",
        *sorted(keys),
    ]
    (CONFIGS / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{CONFIGS / name}: {len(keys)} drawings")


def validation(root: Path) -> set[str]:
    """Name the validation sketches of psb76, as drawings."""
    with (root / "sources.csv").open(newline="", encoding="utf-8") as file:
        source = {row["sketch"]: row["source"] for row in csv.DictReader(file)}
    _, held = split_validation(load_dataset("psb76", root).train, 0.2, SPLIT_SEED)
    names = [item.path.stem for item in held]
    return {
        source[name].removeprefix("quickdraw:") if source[name].startswith("quickdraw:") else f"psb76:{name}"
        for name in names
    }


def bundle_test(cc0: Path, quickdraw: Path, left_out: set[str]) -> set[str]:
    """Name the drawings that the first bundle was measured with: those of the CC0 shapes."""
    sample = sample_keys()
    with (cc0 / "manifest.csv").open(newline="", encoding="utf-8") as file:
        names = {row["class"] for row in csv.DictReader(file)}
    keys: set[str] = set()
    for name in sorted(names):
        path = quickdraw / f"{name}.ndjson"
        if path.is_file():
            drawings = [one for one, _ in recognised(path) if one["key_id"] not in left_out]
            keys |= {one["key_id"] for one in split(drawings, sample)["test"]}
    return keys


def careful() -> set[str]:
    """Name the sketches of TU-Berlin that the bundle does not learn from: the tested ones, and a tenth."""
    tested = (CONFIGS / "shrec13-test-sketches.txt").read_text(encoding="utf-8").split()
    numbered = {f"tuberlin:{number}" for number in range(1, 20_001)}
    held = {key for key in numbered if int(digest("held out", key)[:8], 16) / 2**32 < HELD_OUT}
    return held | (numbered & set(tested))


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


def excluded(path: Path | None) -> set[str]:
    """Name the Quick, Draw! drawings of the test part of a benchmark."""
    if path is None:
        return set()
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["part"] == "test"]
    return {row["source"].partition(":")[2] for row in rows if row["source"].startswith("quickdraw:")}


if __name__ == "__main__":
    main()
