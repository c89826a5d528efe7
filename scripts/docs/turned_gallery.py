"""What an unknown way up costs a search: python scripts/docs/turned_gallery.py --psb76 DIR [--each 3].

Every n-th shape of psb76 (DIR holds models/, sketches/ and Model.cla) is turned at random onto one of the
axes. The mean average precision of its test sketches is printed where the way up is known, where the ways
that the judge keeps are (a shape is as alike as the likest of its ways), where only its first choice is,
and where the shape is taken as it lies.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np

from sketchshape.datasets.cla import read_cla
from sketchshape.encoders import Bundle
from sketchshape.images import prepare, prepare_views, read_sketch
from sketchshape.mesh import AXES, load_mesh, turn
from sketchshape.metrics.evaluation import evaluate
from sketchshape.render import render_lines, render_views
from sketchshape.types import F32, Mesh
from sketchshape.upright import Judge, kept

UP = Path(__file__).parent / "psb76-up.csv"
WAYS = tuple(AXES)


def main() -> None:
    """Read the command line, embed, search and print."""
    parser = argparse.ArgumentParser(description="Print the precision of a gallery that is turned at random.")
    parser.add_argument("--psb76", type=Path, required=True)
    parser.add_argument("--each", type=int, default=3)
    args = parser.parse_args()
    with UP.open(encoding="utf-8") as stream:
        known = {line["id"]: line["up"] for line in csv.DictReader(stream)}
    classes = read_cla(args.psb76 / "Model.cla")
    items = [(name, item) for name, items in classes.items() for item in items][:: args.each]
    bundle, judge, rng = Bundle.open(), Judge.open(), np.random.default_rng(0)
    rows: dict[str, list[list[F32]]] = {"upright": [], "kept": [], "first": [], "as it lies": []}
    for _, item in items:
        mesh = load_mesh(args.psb76 / "models" / f"m{item}.off")
        upright = turn(mesh, known[item])
        way = WAYS[int(rng.integers(6))]
        lying = Mesh(upright.vertices @ np.array(AXES[way], np.float32), mesh.faces)
        choices = kept(judge.scores(lying))
        vectors = {one: embedded(turn(lying, one), bundle) for one in {*choices, way, "y"}}
        rows["upright"].append([vectors[way]])
        rows["kept"].append([vectors[one] for one in choices])
        rows["first"].append([vectors[choices[0]]])
        rows["as it lies"].append([vectors["y"]])
    names = [name for name, _ in items]
    paths = [path for path in sorted(args.psb76.glob("sketches/*/test/*.png")) if path.parts[-3] in names]
    queries = bundle.embed_sketches(
        np.stack([prepare(read_sketch(path), bundle.sketch_size) for path in paths])
    )
    labels = [path.parts[-3] for path in paths]
    print("| gallery | ways of a shape | NN | mAP |\n|---|---|---|---|")
    for name, shapes in rows.items():
        alike = np.stack([np.max(queries @ np.stack(ways).T, axis=1) for ways in shapes], axis=1)
        scores = evaluate(alike, labels, names)
        ways = np.mean([len(one) for one in shapes])
        print(f"| {name} | {ways:.2f} | {100 * scores.nn:.1f} | {100 * scores.map:.1f} |")


def embedded(mesh: Mesh, bundle: Bundle) -> F32:
    """Embed a shape as an index does."""
    views = render_views(mesh, bundle.views.count, bundle.views.size, bundle.views.elevations)
    drawings = None
    if bundle.lines is not None:
        lines = render_lines(mesh, bundle.lines.count, bundle.lines.size, bundle.lines.elevations)
        drawings = prepare_views(lines, bundle.sketch_size)
    return bundle.embed_shape(prepare_views(views, bundle.size), drawings)


if __name__ == "__main__":
    main()
