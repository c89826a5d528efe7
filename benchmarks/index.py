"""Time of indexing a folder of shapes: the first run, a second one, and after one file changed.

The first run is also done with a known axis up, and the ratio of both says what judging the ways up costs:
looking at each shape, and the further ways of those that are unsure.

Run: python benchmarks/index.py FOLDER    (as commands of their own, with an empty cache; files are copied)
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sketchshape.mesh import FORMATS

COMMAND = "import sys; from sketchshape.cli.main import main; sys.exit(main())"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        library, index = Path(scratch, "library"), Path(scratch, "index")
        shutil.copytree(asked.folder, library, copy_function=shutil.copyfile)
        files = sorted(path for path in library.rglob("*") if path.suffix.lower() in FORMATS)
        os.environ["SKETCHSHAPE_CACHE"] = str(Path(scratch, "cache"))
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        print(f"{len(files)} files, {cores} cores, load {os.getloadavg()[0]:.1f}")
        few = Path(scratch, "few")  # so that nothing is compiled while it is timed
        few.mkdir()
        shutil.copy(files[0], few)
        timed("to compile", few, Path(scratch, "of few"))
        known = again("known axis, y", scratch, library, Path(scratch, "known"), "--up", "y")
        judged = again("first run, judged", scratch, library, index)
        ratios = (new / old for new, old in zip(judged, known, strict=True))
        print("judged / known: {:.2f} times the time, {:.2f} times the processor".format(*ratios))
        timed("second run", library, index)
        files[0].touch()
        timed("one file touched", library, index)
        donor = next(path for path in files[1:] if path.suffix == files[0].suffix)
        files[0].write_bytes(donor.read_bytes() + b"\n" * 4)
        timed("one file changed", library, index)
        files[1].rename(files[1].with_stem("elsewhere"))
        timed("one file moved", library, index)


def again(what: str, scratch: str, library: Path, index: Path, *more: str) -> tuple[float, float]:
    """Index with an empty cache of views."""
    shutil.rmtree(Path(scratch, "cache/views"), ignore_errors=True)
    return timed(what, library, index, *more)


def timed(what: str, library: Path, index: Path, *more: str) -> tuple[float, float]:
    """Index as a command of its own, and print how long it took and what it did; gives both times."""
    words = [sys.executable, "-c", COMMAND, "index", str(library), "--out", str(index), "--json", *more]
    before, start = _processor(), time.perf_counter()
    result = subprocess.run(words, capture_output=True, text=True, check=True)
    spent, busy = time.perf_counter() - start, _processor() - before
    summary: dict[str, Any] = json.loads(result.stdout)
    counts = {word: summary[word] for word in ("added", "changed", "moved", "removed", "unchanged")}
    done = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    done += f", {len(summary['failed'])} failed, {summary['unsure']} unsure"
    print(f"{what:18} {spent:6.2f} s  {busy:6.1f} s of processor  ({done})", flush=True)
    return spent, busy


def _processor() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
