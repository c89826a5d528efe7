"""What it costs to reach an mAP on the validation sketches: a table of a run that held some out.

    sketchshape train configs/psb76.toml --data DIR --set data.validation=0.2 --out runs/cost
    python scripts/docs/cost.py runs/cost --map 70 75 78 [--pretrain runs/pretrain-even] [--cores 2]

The cost of a seed is the time of its teacher and of the epochs of its student until the first that reaches
the mAP, and of making the features that all seeds share, which is nothing where they were in the cache. That
of a backbone for sketches is added where its run is named.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path

from sketchshape.runs.log import Row, read_log


def main() -> None:
    """Print a row for each mAP."""
    parser = argparse.ArgumentParser(description="Tell what it costs to reach an mAP in validation.")
    parser.add_argument("run", type=Path, help="folder of a run with data.validation above 0")
    parser.add_argument("--map", type=float, nargs="+", required=True, help="in percent")
    parser.add_argument("--pretrain", type=Path, help="folder of the backbone for sketches")
    parser.add_argument("--cores", type=int, default=1, help="that worked in that time")
    arguments = parser.parse_args()
    seeds = {
        path.parent.name: read_log(path.parent) for path in sorted(arguments.run.glob("seed-*/log.jsonl"))
    }
    if not any("val_map" in row for rows in seeds.values() for row in rows):
        sys.exit(f"{arguments.run}: no log has val_map, expected a run with --set data.validation=0.2")
    record = json.loads((arguments.run / "run.json").read_text(encoding="utf-8"))
    before = record["seconds_prepared"]
    if arguments.pretrain:
        before += sum(row["seconds"] for row in read_log(arguments.pretrain))
    print("| mAP in validation | seeds that reach it | epochs of the student | seconds | core-minutes |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for wanted in arguments.map:
        print(
            row_of(wanted, [reached(rows, wanted / 100) for rows in seeds.values()], before, arguments.cores)
        )


def reached(rows: list[Row], wanted: float) -> tuple[int, float] | None:
    """Give the epoch of the student that first reaches an mAP, and the seconds until its end; None: never."""
    spent = sum(row["seconds"] for row in rows if row["stage"] == "teacher")
    for row in rows:
        if row["stage"] == "student":
            spent += row["seconds"]
            if row.get("val_map", 0.0) >= wanted:
                return row["epoch"], spent
    return None


def row_of(wanted: float, seeds: list[tuple[int, float] | None], before: float, cores: int) -> str:
    """Write a row: means over the seeds that reach it, which are counted."""
    there = [seed for seed in seeds if seed is not None]
    if not there:
        return f"| {wanted:g} | 0 of {len(seeds)} | | | |"
    epochs = statistics.mean(epoch for epoch, _ in there)
    seconds = before + statistics.mean(spent for _, spent in there)
    minutes = seconds * cores / 60
    return f"| {wanted:g} | {len(there)} of {len(seeds)} | {epochs:.1f} | {seconds:.0f} | {minutes:.1f} |"


if __name__ == "__main__":
    main()
