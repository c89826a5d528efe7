"""Make the judge that ships: python scripts/data/make_upright.py --cc0 DIR --cc-shapes DIR [--work DIR].

DIR of --cc0 and --cc-shapes hold the meshes that their manifest.csv (class,file) names; where the manifest
lies elsewhere, --cc-shapes-manifest says so. What is measured of the shapes is kept in --work: a run that
was stopped goes on, and a second one is quick. Judges that have not learned a part of the classes are tried
on them; by what they say the probabilities of the last one are calibrated, and `folds.npz` in --work keeps
it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from upright_network import train
from upright_shapes import FOLDS, Shape, measured, shapes

from sketchshape.files import atomic
from sketchshape.resources import UPRIGHT
from sketchshape.types import F32, F64, I64
from sketchshape.upright.judge import Judge, compared
from sketchshape.upright.record import NETWORK, write_record

SEEDS = 3


def main() -> None:
    """Read the command line, measure, cross-validate, train and write."""
    parser = argparse.ArgumentParser(description="Make the judge of the way up that ships with the package.")
    parser.add_argument("--cc0", type=Path, required=True)
    parser.add_argument("--cc-shapes", type=Path, required=True)
    parser.add_argument("--cc-shapes-manifest", type=Path)
    parser.add_argument("--work", type=Path, default=Path("build/upright"))
    parser.add_argument("--out", type=Path, default=UPRIGHT)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    folders = {"cc0": args.cc0, "cc_shapes": args.cc_shapes}
    manifests = {source: folder / "manifest.csv" for source, folder in folders.items()}
    manifests["cc_shapes"] = args.cc_shapes_manifest or manifests["cc_shapes"]
    found = shapes(folders, manifests)
    rows = np.stack([_compared(part) for part in measured(found, args.work)], axis=1)
    read = rows.any(axis=(1, 2, 3))
    learned = read & np.array([not shape.left_out for shape in found])
    ups = np.array([shape.up for shape in found])
    scores = _cross_validated(found, rows, ups, learned)
    tried = read & np.array([not shape.left_out.startswith("repeats") for shape in found])
    np.savez(args.work / "folds.npz", scores=scores, ups=ups, tried=tried)
    warmth = _warmth(scores[tried], ups[tried])
    rank = (scores > scores[np.arange(len(ups)), ups][:, None]).sum(axis=1)
    print(f"{tried.sum()} shapes of classes not learned: first {np.mean(rank[tried] < 1):.3f}", end=", ")
    print(f"two {np.mean(rank[tried] < 2):.3f}, three {np.mean(rank[tried] < 3):.3f}; warmth {warmth:.3f}")
    weights = train(rows[learned], ups[learned], _groups(found, learned), SEEDS)
    args.out.mkdir(parents=True, exist_ok=True)
    with atomic(args.out / NETWORK) as path, path.open("wb") as stream:
        np.savez_compressed(stream, **{name: row.astype(np.float16) for name, row in weights.items()})
    print(write_record(args.out, {"warmth": warmth, "shapes": int(learned.sum())}))


def _compared(rows: F64) -> F32:
    return np.array(
        [compared(row) if row.any() else np.zeros((6, 4 * row.shape[1])) for row in rows], np.float32
    )


def _groups(found: list[Shape], which: F64) -> list[str]:
    return [shape.group for shape, one in zip(found, which, strict=True) if one]


def _cross_validated(found: list[Shape], rows: F32, ups: I64, learned: F64) -> F64:
    """Give the scores (n, 6) of judges that have learned no shape of the same class."""
    folds = np.array([shape.fold for shape in found])
    scores = np.zeros((len(found), 6))
    for fold in range(FOLDS):
        seen = learned & (folds != fold)
        judge = Judge(train(rows[seen], ups[seen], _groups(found, seen), SEEDS), 1.0)
        scores[folds == fold] = [
            judge.stands(row[0]) for row, part in zip(rows, folds, strict=True) if part == fold
        ]
    return scores


def _warmth(scores: F64, ups: I64) -> float:
    """Find by what scores are to be divided to give the true ways the largest likelihood."""

    def loss(warmth: float) -> float:
        ways = scores / warmth
        return float((np.logaddexp.reduce(ways, axis=1) - ways[np.arange(len(ups)), ups]).mean())

    return round(float(min(np.geomspace(0.3, 6, 200), key=loss)), 3)


if __name__ == "__main__":
    main()
