"""List the drawings that nothing may be trained on before it is measured: configs/held-out-drawings.txt.

    python scripts/held_out_drawings.py --cc0 DIR --quickdraw DIR --psb76 DIR

These are the test drawings of the bundled sample; those of the bundle that ships; and those of psb76 that are
tested with, or chosen with (the fifth of its training sketches that --set data.validation=0.2 holds out).
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from make_bundle import excluded, read, sample_keys, split

from sketchshape.datasets import load_dataset, split_validation
from sketchshape.train.inputs import SPLIT_SEED

OUT = Path(__file__).parents[1] / "configs" / "held-out-drawings.txt"


def main() -> None:
    """Collect the keys and write them, sorted."""
    parser = argparse.ArgumentParser(description="List the drawings that are held out of pre-training.")
    for name in ("cc0", "quickdraw", "psb76"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    arguments = parser.parse_args()
    tested = excluded(arguments.psb76 / "sources.csv")
    chosen = validation(arguments.psb76)
    shipped = bundle_test(arguments.cc0, arguments.quickdraw, tested)
    keys = sorted(tested | chosen | sample_keys() | shipped)
    lines = ["# key_id of Quick, Draw! drawings; made by scripts/held_out_drawings.py", *keys]
    OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(
        f"{OUT}: {len(keys)} drawings; psb76 {len(tested)} test, {len(chosen)} validation; "
        f"sample {len(sample_keys())}; bundle {len(shipped)}"
    )


def validation(root: Path) -> set[str]:
    """Name the drawings among the validation sketches of psb76."""
    with (root / "sources.csv").open(newline="", encoding="utf-8") as file:
        source = {row["sketch"]: row["source"] for row in csv.DictReader(file)}
    _, held = split_validation(load_dataset("psb76", root).train, 0.2, SPLIT_SEED)
    found = {source[item.path.stem].partition(":") for item in held}
    return {key for kind, _, key in found if kind == "quickdraw"}


def bundle_test(cc0: Path, quickdraw: Path, left_out: set[str]) -> set[str]:
    """Name the drawings that `make_bundle.py` holds out for the figures on the card."""
    sample = sample_keys()
    with (cc0 / "manifest.csv").open(newline="", encoding="utf-8") as file:
        names = {row["class"] for row in csv.DictReader(file)}
    keys: set[str] = set()
    for name in sorted(names):
        path = quickdraw / f"{name}.ndjson"
        if path.is_file():
            drawings = [one for one in read(path) if one["key_id"] not in left_out]
            keys |= {one["key_id"] for one in split(drawings, sample)["test"]}
    return keys


if __name__ == "__main__":
    main()
