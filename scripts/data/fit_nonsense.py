"""Teach a bundle which drawings are of nothing.

    python scripts/data/fit_nonsense.py --quickdraw DIR [--bundle DIR]

DIR holds <word>.ndjson. A logistic curve over the embedding of a drawing tells drawings that were recognised
from scribbles, words, dots and random lines of even seeds. Drawings that are held out and odd seeds are what
benchmarks/confidence.py measures with. The weights are written into bundle.json; its hash stays.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from confidence import HELD_OUT, drawings
from nonsense import NONSENSE

from sketchshape.encoders import Bundle
from sketchshape.encoders.confidence import Confidence, logarithms
from sketchshape.encoders.record import seal
from sketchshape.files import write_text
from sketchshape.images import draw_strokes, prepare
from sketchshape.types import F32, F64, U8

EACH = 40  # drawings of a word
NO_SHAPES = ("animal migration", "camouflage", "line", "squiggle", "zigzag")  # words whose drawings are marks
OF_A_KIND = 800  # of nonsense
RIDGE = 0.002  # of the mean loss
LET_THROUGH = 0.004  # part of the drawings of things that may be taken for nonsense


def main() -> None:
    """Fit the weights and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quickdraw", type=Path, required=True, help="folder of <word>.ndjson")
    parser.add_argument("--bundle", type=Path, help="folder of the bundle (that which ships)")
    asked = parser.parse_args()
    bundle = Bundle.open(asked.bundle)
    keys = set(HELD_OUT.read_text(encoding="utf-8").split())
    things = [
        draw_strokes(strokes)
        for word, found in drawings(asked.quickdraw, without=keys)
        if word not in NO_SHAPES
        for strokes in found[:EACH]
    ]
    nothings = [
        make(np.random.default_rng([2 * n, number]))
        for number, make in enumerate(NONSENSE.values())
        for n in range(OF_A_KIND)
    ]
    embedded = [embed(bundle, pictures) for pictures in (things, nothings)]
    positive = all(bool((rows >= 0).all()) for rows in embedded)
    weights, bias = fit(*(logarithms(rows) if positive else rows for rows in embedded))
    confidence = replace(with_weights(bundle, weights, bias), logarithm=positive)
    write_confidence(bundle.folder, confidence)
    doubtful = [float(np.mean([confidence.is_thing(one) < 0.5 for one in rows])) for rows in embedded]
    print(f"{len(things)} drawings of things, {len(nothings)} of nothing; taken for nothing: {doubtful}")


def embed(bundle: Bundle, pictures: list[U8]) -> F32:
    """Embed pictures of drawings, as searching does."""
    ready = np.stack([prepare(one, bundle.sketch_size) for one in pictures])
    return np.concatenate([bundle.embed_sketches(ready[n : n + 16]) for n in range(0, len(ready), 16)])


def fit(things: F32, nothings: F32) -> tuple[F64, float]:
    """Fit a logistic curve by which both kinds weigh the same, shifted so that hardly a thing is doubted."""
    rows = np.concatenate([things, nothings]).astype(np.float64)
    wanted = np.repeat([1.0, 0.0], [len(things), len(nothings)])
    part = np.repeat([0.5 / len(things), 0.5 / len(nothings)], [len(things), len(nothings)])

    def loss(point: F64) -> tuple[float, F64]:
        level = rows @ point[:-1] + point[-1]
        away = part * (1 / (1 + np.exp(-level)) - wanted)
        value = float(part @ np.logaddexp(0, np.where(wanted > 0, -level, level)))
        slope = np.append(rows.T @ away + 2 * RIDGE / 100 * point[:-1], away.sum())
        return value + RIDGE / 100 * float(point[:-1] @ point[:-1]), slope

    point = minimize(loss, np.zeros(rows.shape[1] + 1), jac=True, method="L-BFGS-B").x
    least = float(np.quantile(things.astype(np.float64) @ point[:-1], LET_THROUGH))
    return point[:-1], -least


def with_weights(bundle: Bundle, weights: F64, bias: float) -> Confidence:
    """Give the confidence of the bundle with these weights, in as many digits as matter."""
    assert bundle.confidence is not None
    return replace(bundle.confidence, weights=tuple(np.round(weights, 3).tolist()), bias=round(bias, 4))


def write_confidence(folder: Path, confidence: Confidence) -> None:
    """Write how sure a search is into bundle.json, and seal the bundle again."""
    record = json.loads((folder / "bundle.json").read_text(encoding="utf-8"))
    record["confidence"] = asdict(confidence)
    write_text(folder / "bundle.json", in_lines(json.dumps(record, indent=2)) + "\n")
    seal(folder)


def in_lines(text: str) -> str:
    """Put each list of numbers of indented JSON on one line."""
    return re.sub(r"\[([-\d.,\se]+)\]", lambda found: f"[{' '.join(found[1].split())}]", text)


if __name__ == "__main__":
    main()
