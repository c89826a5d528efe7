"""Batches of sketches and shapes: what each sampler promises, and that the seed decides everything."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from sketchshape.datasets import ShapeItem, SketchItem  # noqa: E402
from sketchshape.datasets.parts import Part  # noqa: E402
from sketchshape.errors import ConfigError  # noqa: E402
from sketchshape.train.data.pairs import Pairs  # noqa: E402

torch.set_num_threads(1)
SKETCHES = np.repeat(np.arange(5), [12, 12, 12, 12, 12])
UNEVEN = np.repeat(np.arange(5), [41, 1, 2, 3, 7])
SHAPES = np.repeat(np.arange(5), [8, 1, 3, 2, 6])


def _part(kind, labels, looks):
    """Items whose features are their row, their look and their label."""
    rows, others = np.meshgrid(np.arange(len(labels)), np.arange(looks), indexing="ij")
    data = np.stack([rows, others, np.broadcast_to(labels[:, None], rows.shape)], 2).astype(np.float32)
    items = tuple(kind(str(row), int(label), Path("made")) for row, label in enumerate(labels))
    return Part(items, labels, data)


def _pairs(sketches=SKETCHES, shapes=SHAPES, **options):
    shuffled = np.random.default_rng(9).permutation
    parts = _part(SketchItem, shuffled(sketches), 3), _part(ShapeItem, shuffled(shapes), 4)
    return Pairs(*parts, **options)


def _epoch(pairs, size, epoch=0, seed=0, start=0):
    return list(pairs.batches(size, seed=seed, epoch=epoch, start=start))


def _rows(batches):
    return [int(row) for batch in batches for row in batch.sketches[:, 0]]


CASES = pytest.mark.parametrize(
    ("size", "options"), [(16, {}), (12, {"per_class": (4, 2)})], ids=["random", "by class"]
)


def test_pairs_have_their_own_balance():
    with pytest.raises(
        ConfigError, match=r"balance is 0\.5, but pairs are chosen in their own way; use balance=0"
    ):
        next(_pairs().batches(16, seed=0, epoch=0, balance=0.5))


@CASES
@pytest.mark.parametrize("labels", [SKETCHES, UNEVEN])
def test_rows_keep_their_labels_and_shapes_all_their_views(size, options, labels):
    for batch in _epoch(_pairs(labels, **options), size):
        assert torch.equal(batch.sketches[:, 2].long(), batch.sketch_labels)
        assert batch.shapes.shape == (len(batch.shape_labels), 4, 3)
        assert torch.equal(batch.shapes[:, :, 2].long(), batch.shape_labels[:, None].expand(-1, 4))
        assert torch.equal(batch.shapes[:, :, 1], torch.arange(4.0).expand(len(batch.shapes), 4))
        assert batch.sketch_labels.dtype == batch.shape_labels.dtype == torch.int64
        assert len(batch.sketches) >= 2 <= len(batch.shapes)


@CASES
@pytest.mark.parametrize("labels", [SKETCHES, UNEVEN])
def test_the_seed_and_the_epoch_decide_and_a_later_start_changes_nothing(size, options, labels):
    pairs = _pairs(labels, **options)
    whole = _epoch(pairs, size, epoch=3)
    assert len(whole) == pairs.steps(size)
    again, late = _epoch(pairs, size, epoch=3), _epoch(pairs, size, epoch=3, start=2)
    for one, other in [*zip(whole, again, strict=True), *zip(whole[2:], late, strict=True)]:
        assert torch.equal(one.sketches, other.sketches)
        assert torch.equal(one.shapes, other.shapes)
    assert _rows(whole) != _rows(_epoch(pairs, size, epoch=4))
    assert _rows(whole) != _rows(_epoch(pairs, size, epoch=3, seed=1))
    assert {pairs.steps(size)} == {len(_epoch(pairs, size, epoch=epoch)) for epoch in range(10)}


@CASES
def test_an_epoch_takes_every_sketch_once_and_each_of_its_variants_in_time(size, options):
    pairs = _pairs(**options)
    seen = Counter()
    for epoch in range(12):
        batches = _epoch(pairs, size, epoch=epoch)
        assert sorted(_rows(batches)) == list(range(len(SKETCHES)))
        seen.update(int(look) for batch in batches for look in batch.sketches[:, 1])
    assert all(abs(seen[look] - 12 * len(SKETCHES) / 3) < 60 for look in range(3))


def test_random_batches_have_half_as_many_shapes_each_as_often():
    pairs = _pairs()
    seen = Counter()
    for epoch in range(20):
        batches = _epoch(pairs, 16, epoch=epoch)
        assert [(len(batch.sketches), len(batch.shapes)) for batch in batches] == [(16, 8)] * 3 + [(12, 6)]
        seen.update(int(row) for batch in batches for row in batch.shapes[:, 0, 0])
    counts = [seen[row] for row in range(len(SHAPES))]
    assert sum(counts) == 20 * 30
    assert max(counts) - min(counts) <= 20  # one and a half passes an epoch: each shape once or twice


def test_random_batches_leave_out_a_single_sketch_at_the_end():
    batches = _epoch(_pairs(UNEVEN[1:]), 13)
    assert [len(batch.sketches) for batch in batches] == [13] * 4
    assert len(set(_rows(batches))) == 52


def test_batches_by_class_hold_the_asked_number_of_each():
    for batch in _epoch(_pairs(per_class=(4, 2)), 12):
        sketches, shapes = (Counter(x.tolist()) for x in (batch.sketch_labels, batch.shape_labels))
        assert len(sketches) == 3
        assert set(sketches.values()) == {4}
        assert set(sketches) == set(shapes)
        assert all(count == min(2, int((label == SHAPES).sum())) for label, count in shapes.items())
        assert len(set(batch.shapes[:, 0, 0].tolist())) == len(batch.shapes)


def test_batches_by_class_never_lack_classes_and_take_every_sketch():
    batches = _epoch(_pairs(UNEVEN, per_class=(4, 2)), 12)
    assert set(_rows(batches)) == set(range(len(UNEVEN)))
    assert {len(set(batch.sketch_labels.tolist())) for batch in batches} == {3}
    large = Counter(
        row for row in _rows(batches) if _pairs(UNEVEN, per_class=(16, 4)).sketches.labels[row] == 0
    )
    assert set(large.values()) == {1}  # only what is rare is taken again


def test_the_digest_tells_data_and_samplers_apart():
    made = [_pairs(), _pairs(per_class=(16, 4)), _pairs(per_class=(3, 3))]
    made += [_pairs(UNEVEN), _pairs(shapes=SHAPES[::-1].copy())]
    assert len({pairs.digest() for pairs in made}) == len(made)
    assert _pairs().digest() == made[0].digest()


def test_what_cannot_work_is_refused():
    with pytest.raises(ValueError, match="no training shape of class 3, 4, expected at least 1"):
        _pairs(shapes=SHAPES[SHAPES < 3])
    with pytest.raises(ValueError, match="all shapes are of one class"):
        _pairs(np.zeros(6, np.int64), np.zeros(4, np.int64))
