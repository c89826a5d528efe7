"""Batches that follow from seed and epoch, and augmentation that moves pixels where it should."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from sketchshape.train.data.items import Items  # noqa: E402
from sketchshape.train.data.sketch_augment import (  # noqa: E402
    Augment,
    turn,
)

torch.set_num_threads(1)


def _items(count=10, **options):
    return Items(np.arange(count * 3, dtype=np.float32).reshape(count, 3), np.arange(count) % 4, **options)


def _epoch(items, size=4, **options):
    return list(items.batches(size, **({"seed": 0, "epoch": 0} | options)))


def _numbers(batches):
    return [int(row[0] // 3) for batch in batches for row in batch.inputs]


def test_an_epoch_has_every_item_once_with_its_label():
    batches = _epoch(_items())
    assert [len(batch.labels) for batch in batches] == [4, 4, 2]
    assert sorted(_numbers(batches)) == list(range(10))
    assert [int(label) for batch in batches for label in batch.labels] == [n % 4 for n in _numbers(batches)]
    assert batches[0].labels.dtype == torch.int64


def test_small_classes_can_come_as_often_as_large_ones():
    labels = np.repeat([0, 1, 2], [2, 30, 64])
    items = Items(np.arange(len(labels), dtype=np.float32)[:, None], labels)

    def seen(balance, epoch=0):
        batches = _epoch(items, 8, balance=balance, epoch=epoch)
        assert all(
            int(labels[int(row)]) == int(label)
            for b in batches
            for row, label in zip(b.inputs, b.labels, strict=True)
        )
        return np.bincount(np.concatenate([batch.labels for batch in batches])).tolist()

    assert seen(0.0) == [2, 30, 64]
    assert seen(1.0) == [32, 32, 32]
    wanted = np.bincount(labels) ** 0.5
    assert np.abs(np.array(seen(0.5)) - wanted / wanted.sum() * len(labels)).max() < 1
    one, again, other = (
        torch.cat([b.inputs for b in _epoch(items, balance=1.0, epoch=n)]) for n in (3, 3, 4)
    )
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert len(set(one[:, 0].tolist()) | set(other[:, 0].tolist())) > len(set(one[:, 0].tolist()))


def test_order_follows_seed_and_epoch_alone():
    orders = {(s, e): tuple(_numbers(_epoch(_items(), seed=s, epoch=e))) for s in range(3) for e in range(3)}
    assert len(set(orders.values())) == 9
    assert tuple(_numbers(_epoch(_items(), seed=1, epoch=2))) == orders[1, 2]


@pytest.mark.parametrize(("count", "steps"), [(8, 2), (9, 2), (10, 3), (2, 1), (5, 1)])
def test_a_last_batch_of_one_item_is_left_out(count, steps):
    items = _items(count)
    assert items.steps(4) == len(_epoch(items)) == steps
    assert min(len(batch.labels) for batch in _epoch(items)) >= 2


def test_an_epoch_can_start_anywhere():
    changed = lambda inputs, generator: inputs + torch.rand(1, generator=generator)  # noqa: E731
    items = _items(transform=changed)
    whole = _epoch(items, epoch=3)
    for start in range(4):
        rest = _epoch(items, epoch=3, start=start)
        assert len(rest) == 3 - start
        for one, other in zip(rest, whole[start:], strict=True):
            assert torch.equal(one.inputs, other.inputs)
    assert (
        len({float(batch.inputs[0, 0] % 1) for batch in whole}) == 3
    )  # each step has random numbers of its own


def test_each_epoch_takes_one_variant_of_each_item_at_random():
    inputs = np.arange(40 * 3).reshape(40, 3, 1).astype(np.float32)
    items = Items(inputs, np.zeros(40), variants=True)
    seen = {}
    for epoch in range(30):
        values = torch.cat([batch.inputs for batch in _epoch(items, epoch=epoch)])[:, 0].long().tolist()
        assert sorted(value // 3 for value in values) == list(range(40))
        for value in values:
            seen.setdefault(value // 3, []).append(value % 3)
    assert all(set(variants) == {0, 1, 2} for variants in seen.values())
    assert len({tuple(variants) for variants in seen.values()}) == 40


@pytest.mark.parametrize("variants", [False, True])
def test_arrays_maps_and_tensors_give_the_same_batches(tmp_path, variants):
    inputs = np.random.default_rng(0).integers(0, 256, (9, 3, 4, 4), dtype=np.uint8)
    np.save(tmp_path / "views.npy", inputs)
    labels = np.arange(9)
    kinds = [inputs, np.load(tmp_path / "views.npy", mmap_mode="r"), torch.from_numpy(inputs)]
    found = [Items(kind, labels, variants=variants) for kind in kinds]
    for other in found[1:]:
        assert other.digest() == found[0].digest()
        for one, two in zip(_epoch(found[0]), _epoch(other), strict=True):
            assert torch.equal(one.inputs, two.inputs)
            assert one.inputs.dtype == torch.uint8


def test_the_hash_follows_inputs_and_labels():
    base = _items()
    assert base.digest() == _items().digest()
    inputs = np.asarray(base.inputs).copy()
    inputs[3, 1] += 1
    others = [
        Items(inputs, base.labels),
        Items(base.inputs, base.labels.flip(0)),
        Items(np.asarray(base.inputs).reshape(10, 3, 1), base.labels),
    ]
    assert len({base.digest(), *(other.digest() for other in others)}) == 4
    assert _items(key="known").digest() == "known"


def test_too_few_items_are_refused():
    with pytest.raises(ValueError, match="3 inputs and 2 labels"):
        Items(np.zeros((3, 1)), np.zeros(2))
    with pytest.raises(ValueError, match="at least 2"):
        Items(np.zeros((1, 1)), np.zeros(1))


def _drawing(height=20, width=20):
    picture = np.random.default_rng(0).integers(0, 256, (2, height, width), dtype=np.uint8)
    return torch.from_numpy(picture)


def test_no_turn_changes_nothing_and_a_flip_is_a_flip():
    for size in ((20, 20), (13, 24)):
        images = _drawing(*size)
        still = turn(images, torch.zeros(2), torch.tensor([False, True]))
        assert torch.equal(still[0], images[0])
        assert torch.equal(still[1], images[1].flip(1))


@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.parametrize("flip", [False, True])
def test_quarter_turns_are_exact_and_counter_clockwise(quarters, flip):
    images = _drawing()
    found = turn(images, torch.full((2,), 90.0 * quarters), torch.full((2,), flip))
    first = images.flip(2) if flip else images
    assert torch.equal(found, torch.rot90(first, quarters, (1, 2)))  # rot90 is counter-clockwise too


def test_half_a_turn_of_an_oblong_picture_is_exact():
    images = _drawing(12, 20)
    assert torch.equal(turn(images, torch.full((2,), 180.0), torch.zeros(2).bool()), images.flip(1, 2))


def test_a_turned_line_keeps_its_angle_in_an_oblong_picture():
    images = torch.full((1, 41, 81), 255, dtype=torch.uint8)
    images[0, 20, 40:60] = 0
    found = 255 - turn(images, torch.tensor([45.0]), torch.tensor([False]))[0].float()
    rows, columns = torch.meshgrid(torch.arange(41.0), torch.arange(81.0), indexing="ij")
    row, column = (found * rows).sum() / found.sum(), (found * columns).sum() / found.sum()
    assert float(20 - row) == pytest.approx(9.5 / 2**0.5, abs=0.1)  # up
    assert float(column - 40) == pytest.approx(9.5 / 2**0.5, abs=0.1)  # and right


def test_what_comes_in_from_outside_is_paper():
    dark = torch.zeros(1, 20, 20, dtype=torch.uint8)
    found = turn(dark, torch.tensor([45.0]), torch.tensor([False]))[0]
    assert [int(found[i, j]) for i in (0, -1) for j in (0, -1)] == [255] * 4
    assert int(found[10, 10]) == 0


def test_augmentation_follows_its_generator_within_its_limits():
    images = _drawing().repeat(200, 1, 1)
    make = lambda seed: torch.Generator().manual_seed(seed)  # noqa: E731
    turned = Augment(15.0)(images, make(0))
    assert turned.dtype == torch.uint8
    assert torch.equal(turned, Augment(15.0)(images, make(0)))
    assert not torch.equal(turned, Augment(15.0)(images, make(1)))
    assert torch.equal(Augment(0.0, flip=False)(images, make(0)), images)
    flipped = (Augment(0.0)(images, make(0)) == images.flip(2)).flatten(1).all(1)
    assert 0.4 < float(flipped.float().mean()) < 0.6
