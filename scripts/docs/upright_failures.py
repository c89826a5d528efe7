"""Picture CC0 shapes as a judge that had not learned their class would stand them, where it is wrong.

python scripts/docs/upright_failures.py --cc0 DIR --folds FILE: the shapes and trials of make_upright.py.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
from PIL import Image

from sketchshape.mesh import AXES, load_mesh
from sketchshape.render import render_views

PICTURE = Path(__file__).parents[2] / "docs/images/upright-failures.png"
COLUMNS, ROWS, SIDE = 8, 3, 80


def main() -> None:
    """Read the command line, choose and draw; of each class the surest mistake."""
    parser = argparse.ArgumentParser(description="Draw shapes whose way up was judged wrongly.")
    parser.add_argument("--cc0", type=Path, required=True)
    parser.add_argument("--folds", type=Path, required=True)
    args = parser.parse_args()
    with (args.cc0 / "manifest.csv").open(encoding="utf-8") as stream:
        lines = list(csv.DictReader(stream))  # the trials begin with these
    with np.load(args.folds) as folds:
        scores, ups, tried = (folds[name][: len(lines)] for name in ("scores", "ups", "tried"))
    choices = scores.argmax(axis=1)
    sure = np.where(tried & (choices != ups), scores.max(axis=1) - scores[np.arange(len(ups)), ups], -1)
    worst: dict[str, int] = {}
    for number in np.argsort(-sure, kind="stable"):
        if sure[number] > 0:
            worst.setdefault(lines[number]["class"], int(number))
    sheet = np.full((ROWS * SIDE, COLUMNS * SIDE), 255, np.uint8)
    for place, number in enumerate(list(worst.values())[: ROWS * COLUMNS]):
        mesh = load_mesh(args.cc0 / lines[number]["file"], tuple(AXES)[choices[number]])
        row, column = divmod(place, COLUMNS)
        sheet[row * SIDE :, column * SIDE :][:SIDE, :SIDE] = render_views(mesh, 8, SIDE)[1]
    Image.fromarray(sheet).quantize(16).save(PICTURE, optimize=True)
    print(f"{PICTURE}: {', '.join(list(worst)[: ROWS * COLUMNS])}")


if __name__ == "__main__":
    main()
