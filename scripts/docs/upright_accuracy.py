"""How often the way up is found: python scripts/docs/upright_accuracy.py --psb76 DIR [--folds FILE].

DIR holds models/ and Model.cla of psb76. Its shapes are turned at random onto one of the six axes and
judged; psb76-up.csv says which axis of each file points up. FILE is what make_upright.py keeps of its
trials: the scores of shapes of classes that the judge has not learned. A turned shape has the same scores
in another order, so these are not turned.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sketchshape.datasets.cla import read_cla
from sketchshape.mesh import AXES, load_mesh
from sketchshape.types import F64, I64, Mesh
from sketchshape.upright import Judge, kept, together
from sketchshape.upright.choice import SURE
from sketchshape.upright.priors import prior

UP = Path(__file__).parent / "psb76-up.csv"
WAYS = tuple(AXES)
UPS = np.array([AXES[way][1] for way in WAYS])


def main() -> None:
    """Read the command line, judge and print the tables."""
    parser = argparse.ArgumentParser(description="Print how often the way up of a shape is found.")
    parser.add_argument("--psb76", type=Path)
    parser.add_argument("--folds", type=Path)
    parser.add_argument("--each", type=int, default=1, help="judge every n-th shape only")
    args = parser.parse_args()
    print(f"| {'shapes':44} | n | first | two | three | kept | ways kept |\n|---|---|---|---|---|---|---|")
    if args.folds:
        with np.load(args.folds) as folds:
            tried, scores, ups = folds["tried"], folds["scores"], folds["ups"]
        unlearned = _log(scores / Judge.open().warmth)[tried], ups[tried]
        row("classes not learned", *unlearned)
        for sure in (0.5, 0.7, 0.8, 0.9):
            row(f"kept until right with probability {sure}", *unlearned, sure)
    if args.psb76:
        psb76(args.psb76, args.each)


def psb76(folder: Path, each: int) -> None:
    """Judge the shapes of psb76, turned at random."""
    with UP.open(encoding="utf-8") as stream:
        known = {line["id"]: line for line in csv.DictReader(stream)}
    items = [(name, item) for name, items in read_cla(folder / "Model.cla").items() for item in items][::each]
    judge, rng = Judge.open(), np.random.default_rng(0)
    scores, ups = np.zeros((len(items), 6)), np.zeros(len(items), np.int64)
    for number, (_, item) in enumerate(items):
        mesh, way = load_mesh(folder / "models" / f"m{item}.off"), int(rng.integers(6))
        lying = Mesh(mesh.vertices @ np.array(AXES[WAYS[way]], np.float32), mesh.faces)  # Y went to that axis
        axis = UPS[WAYS.index(known[item]["up"])] @ np.array(AXES[WAYS[way]])
        ups[number] = int(np.flatnonzero((axis == UPS).all(axis=1))[0])
        scores[number] = judge.scores(lying)
    stands = np.array([not known[item]["note"] for _, item in items])
    row("psb76, each turned at random", scores, ups)
    row("the same, of those with a way up", scores[stands], ups[stands])
    row("the same, as one folder", together(scores, ["one"] * len(items))[stands], ups[stands])
    row("the same, called .stl", _log(scores + prior(".stl"))[stands], ups[stands])
    straight = _as_they_stand(scores, ups)
    row(
        "all turned alike, as one folder",
        together(straight, ["one"] * len(items)),
        np.zeros(len(items), np.int64),
    )
    names = np.array([name for name, _ in items])
    for name in dict.fromkeys(names):
        row(name, scores[names == name], ups[names == name])


def row(name: str, scores: F64, ups: I64, sure: float = SURE) -> None:
    """Print a row of the table."""
    above = (scores > scores[np.arange(len(ups)), ups][:, None]).sum(axis=1)
    ways = [kept(line, sure) for line in scores]
    right = np.mean([WAYS[up] in found for up, found in zip(ups, ways, strict=True)])
    shares = [*(np.mean(above < most) for most in (1, 2, 3)), right]
    print(f"| {name:44} | {len(ups)} |", *(f"{100 * share:.1f} |" for share in shares), _mean(ways))


def _mean(ways: Sequence[tuple[str, ...]]) -> str:
    return f"{np.mean([len(found) for found in ways]):.2f} |"


def _log(scores: F64) -> F64:
    return np.asarray(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))


def _as_they_stand(scores: F64, ups: I64) -> F64:
    """Exchange the true way of each shape with Y, its opposite with -Y."""
    result = scores.copy()
    for line, up in zip(result, ups, strict=True):
        for true, place in ((up, 0), ((up + 3) % 6, 3)):
            line[[true, place]] = line[[place, true]]
    return result


if __name__ == "__main__":
    main()
