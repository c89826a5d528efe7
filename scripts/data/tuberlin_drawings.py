"""Drawings for `sketchshape pretrain`: all sketches of TU-Berlin as strokes.

    pip install scikit-image scipy
    python scripts/data/tuberlin_drawings.py --tuberlin DIR --out DRAWINGS
    python scripts/data/tuberlin_drawings.py --tuberlin DIR --list SHREC13_SBR_Sketch_Train.cla --out DRAWINGS

DIR holds <class>/<number>.png, as M. Eitz, J. Hays and M. Alexa give them out (CC BY 4.0). Each class becomes
<class>.ndjson, whose keys are tuberlin:<number>; by them `data.left_out` leaves out what is tested with. The
sketches of SHREC'13 and SHREC'14 are among them, under the same numbers; an official list draws only its own.
"""

from __future__ import annotations

import argparse
import sys
from multiprocessing import Pool
from pathlib import Path

from drawing_files import drawing_line
from picture_strokes import sketch_strokes

from sketchshape.datasets.cla import read_cla
from sketchshape.errors import SketchshapeError
from sketchshape.progress import Steps


def main() -> None:
    """Read the command line and write the drawings."""
    parser = argparse.ArgumentParser(description="Make drawings of the sketches of TU-Berlin.")
    parser.add_argument("--tuberlin", type=Path, required=True, help="folder of <class>/<number>.png")
    parser.add_argument("--list", type=Path, help="a .cla file of SHREC: draw only the sketches on it")
    parser.add_argument("--out", type=Path, required=True, help="folder for <class>.ndjson")
    arguments = parser.parse_args()
    write(arguments.tuberlin, arguments.out, arguments.list)


def write(root: Path, out: Path, of: Path | None = None) -> None:
    """Draw the sketches of a folder and write <class>.ndjson; a .cla file names those that are wanted."""
    sketches = find(root)
    if not sketches:
        sys.exit(f"{root} has no sketches, expected <class>/<number>.png")
    if of:
        sketches = listed(sketches, of)
    drawn = draw(sketches)
    out.mkdir(parents=True, exist_ok=True)
    for name, lines in drawn.items():
        (out / f"{name}.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{out}: {sum(map(len, drawn.values()))} sketches of {len(drawn)} classes")


def find(root: Path) -> list[Path]:
    """Find the pictures whose names are numbers, by class and number."""
    found = [path for path in root.glob("*/*.png") if path.stem.isdecimal()]
    return sorted(found, key=lambda path: (path.parent.name, int(path.stem)))


def listed(sketches: list[Path], path: Path) -> list[Path]:
    """Keep the sketches on a list; end the program where it cannot be read or has others."""
    try:
        wanted = {number for numbers in read_cla(path).values() for number in numbers}
    except SketchshapeError as error:
        sys.exit(str(error))
    found = [sketch for sketch in sketches if sketch.stem in wanted]
    if len(found) < len(wanted):
        missing = min(wanted - {sketch.stem for sketch in found}, key=int)
        sys.exit(f"{len(wanted) - len(found)} sketches of {path} are not there, such as {missing}.png")
    return found


def draw(sketches: list[Path]) -> dict[str, list[str]]:
    """Draw the sketches: lines of an .ndjson file for each class; what has no lines is named and left out."""
    lines: dict[str, list[str]] = {}
    with Pool() as pool, Steps("sketches", len(sketches), "sketches") as steps:
        for path, strokes in zip(sketches, pool.imap(sketch_strokes, sketches, chunksize=20), strict=True):
            steps.advance()
            if strokes is None:
                print(f"{path}: no lines, or too many; left out", file=sys.stderr)
                continue
            name = path.parent.name
            lines.setdefault(name, []).append(drawing_line(name, f"tuberlin:{path.stem}", strokes))
    return lines


if __name__ == "__main__":
    main()
