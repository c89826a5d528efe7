"""How sure a search is: the smaller of two logistic curves, of which older bundles have the first alone."""

import json
import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from sketchshape.datasets import load_dataset
from sketchshape.encoders import Bundle
from sketchshape.encoders.confidence import UNSURE, Confidence
from sketchshape.images import draw_strokes, prepare
from sketchshape.types import U8


@pytest.mark.parametrize("likeness", [-1.0, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("level", [-3.0, 0.0, 2.0])
def test_it_is_the_smaller_of_both_curves(likeness: float, level: float) -> None:
    sketch = np.array([0.6, 0.8], np.float32)
    known = Confidence(12.0, 0.5, (5.0, -2.5), level)
    first = 1 / (1 + math.exp(-12 * (likeness - 0.5)))
    second = 1 / (1 + math.exp(-(5 * 0.6 - 2.5 * 0.8 + level)))
    assert known.of(likeness) == pytest.approx(first, rel=1e-6)
    assert known.of(likeness, sketch) == pytest.approx(min(first, second), rel=1e-5)


def test_a_record_without_weights_is_read_as_before() -> None:
    old = Confidence(slope=15.0, middle=0.48)
    assert old.of(0.6, np.ones(4, np.float32)) == old.of(0.6)
    assert Confidence(**json.loads(json.dumps(asdict(old)))) == old
    assert Confidence(1e6, 0.9).of(-1.0) < 1e-300  # and no overflow


def test_the_bundle_that_ships_has_a_weight_for_each_number() -> None:
    bundle = Bundle.open()
    assert bundle.confidence is not None
    assert len(bundle.confidence.weights) == bundle.width


def things(bundle: Bundle, pictures: list[U8]) -> float:
    rows = bundle.embed_sketches(np.stack([prepare(one, bundle.sketch_size) for one in pictures]))
    assert bundle.confidence is not None
    return float(np.mean([bundle.confidence.is_thing(row) >= UNSURE for row in rows]))


def tangle(random: np.random.Generator) -> U8:
    turn = np.cumsum(random.normal(0, 0.6, 120))
    return draw_strokes([np.cumsum([np.cos(turn), np.sin(turn)], 1).tolist()])


def dots(random: np.random.Generator) -> U8:
    return draw_strokes([[[x], [y]] for x, y in random.uniform(0, 100, (6, 2)).tolist()])


def hatching(random: np.random.Generator) -> U8:
    across = np.where(np.arange(24) % 2, 50, -50) + random.normal(0, 6, 24)
    return draw_strokes([[(np.arange(24) * 4.0).tolist(), across.tolist()]])


@pytest.mark.parametrize(("nonsense", "most"), [(tangle, 0.4), (dots, 0.1), (hatching, 0.5)])
def test_nonsense_is_told_from_things(nonsense: Callable[[np.random.Generator], U8], most: float) -> None:
    bundle = Bundle.open()
    assert things(bundle, [nonsense(np.random.default_rng(n)) for n in range(30)]) <= most


def test_drawings_of_things_are_things() -> None:
    bundle = Bundle.open()
    sample = load_dataset("folder", "sample")
    assert things(bundle, [item.read() for item in sample.test]) > 0.97
    assert Path(bundle.folder).name == "bundle"
