"""Stored features: computed once, kept at once, and the same whatever was there before."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the extra 'train'")

from sketchshape.errors import ArtefactError, SketchError  # noqa: E402
from sketchshape.train.data.features import Part, gather_features, gather_pictures  # noqa: E402
from sketchshape.train.data.pictures import Made, batches, sketch_pictures  # noqa: E402
from sketchshape.train.data.store import FeatureStore  # noqa: E402

PICTURES = np.random.default_rng(0).integers(0, 256, (30, 2, 4, 4), dtype=np.uint8)
KEYS = [f"key {number}" for number in range(30)]
CPU = torch.device("cpu")


class Sums(torch.nn.Module):
    """Row sums as features, times a factor; counts the pictures that it has seen."""

    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        self.factor, self.seen = factor, 0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.seen += len(images)
        return self.factor * images.float().sum(2)


def make(indices: Sequence[int]) -> Made:
    for position, index in enumerate(indices):
        yield position, SketchError(f"{index}.png", "bad") if index == 7 else PICTURES[index]


def gather(store: FeatureStore, network: Sums, keys: list[str] = KEYS):
    return gather_features("test", [Part(network, keys)], make, store, CPU, quiet=True)


def test_features_are_those_of_the_network_without_the_bad_item(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FeatureStore(tmp_path / "store") as store:
        result = gather(store, Sums())
    assert result.kept == [number for number in range(30) if number != 7]
    np.testing.assert_array_equal(result.data, PICTURES[result.kept].sum(3, dtype=np.float32))
    assert result.problems == ("7.png: bad",)
    assert "7.png: bad" in capsys.readouterr().err


def test_nothing_is_computed_twice_and_only_what_is_new_is(tmp_path: Path) -> None:
    network = Sums()
    with FeatureStore(tmp_path / "store") as store:
        first = gather(store, network, KEYS[:20])
        assert network.seen == 19 * 2
    with FeatureStore(tmp_path / "store") as store:
        second = gather(store, network)
    assert network.seen == 29 * 2
    np.testing.assert_array_equal(second.data[:19], first.data)


def test_a_network_that_stands_beside_another_one_is_not_asked_again(tmp_path: Path) -> None:
    """Only the new one sees pictures, of all items; what is joined is what each gives alone, in order."""
    alone, beside, others = Sums(), Sums(-2.0), [f"other {number}" for number in range(30)]
    with FeatureStore(tmp_path / "store") as store:
        first = gather(store, alone, KEYS[:20])
        parts = [Part(beside, others), Part(alone, KEYS)]
        both = gather_features("test", parts, make, store, CPU, quiet=True)
        again = gather_features("test", parts[::-1], make, store, CPU, quiet=True)
    assert (alone.seen, beside.seen) == (29 * 2, 29 * 2)
    assert both.kept == [number for number in range(30) if number != 7]
    sums = PICTURES[both.kept].sum(3, dtype=np.float32)
    np.testing.assert_array_equal(both.data, np.concatenate([-2 * sums, sums], -1))
    np.testing.assert_array_equal(both.data[:19, :, 4:], first.data)
    np.testing.assert_array_equal(again.data, np.concatenate([sums, -2 * sums], -1))


def test_what_was_computed_before_an_interruption_is_kept(tmp_path: Path) -> None:
    def interrupted(indices: Sequence[int]) -> Made:
        for position, index in enumerate(indices):
            if index == 29:
                raise KeyboardInterrupt
            yield position, np.repeat(PICTURES[index], 8, axis=0)

    with FeatureStore(tmp_path / "store") as store:
        with pytest.raises(KeyboardInterrupt):
            gather_features("test", [Part(Sums(), KEYS)], interrupted, store, CPU, quiet=True)
        assert len(store.known(KEYS)) == 24  # four whole batches of 96 pictures


def test_pictures_are_gathered_as_they_are() -> None:
    result = gather_pictures("test", 30, make, quiet=True)
    np.testing.assert_array_equal(result.data, PICTURES[result.kept])


def test_batches_hold_every_item_once() -> None:
    found = list(batches(((index, PICTURES[index]) for index in range(30)), 8))
    assert [index for indices, _ in found for index in indices] == list(range(30))
    assert all(len(indices) == 4 for indices, _ in found[:-1])


def test_store_keeps_shapes_and_values(tmp_path: Path) -> None:
    values = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.float32([[np.inf, -0.0]])}
    with FeatureStore(tmp_path / "store") as store:
        store.put(values)
    with FeatureStore(tmp_path / "store") as store:
        found = store.get(["a", "b", "c"])
        assert store.known(["a", "c"]) == {"a"}
    assert {key: value.tobytes() for key, value in found.items()} == {
        key: value.tobytes() for key, value in values.items()
    }
    assert found["a"].shape == (2, 3)


def test_another_file_is_refused_and_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "store"
    path.write_bytes(b"a letter to a friend" * 100)
    with pytest.raises(ArtefactError, match="not a feature store"):
        FeatureStore(path)
    assert path.read_bytes() == b"a letter to a friend" * 100
    newer = tmp_path / "newer"
    with sqlite3.connect(newer) as base:
        base.execute("PRAGMA user_version = 99")
    base.close()
    with pytest.raises(ArtefactError, match="format 99, expected 1"):
        FeatureStore(newer)


def test_the_pictures_of_a_bad_sketch_are_its_error(tmp_path: Path) -> None:
    from PIL import Image

    from sketchshape.datasets import SketchItem

    Image.new("L", (20, 20), 255).save(tmp_path / "blank.png")
    drawn = Image.new("L", (20, 20), 255)
    drawn.paste(0, (5, 5, 15, 7))
    drawn.paste(0, (5, 5, 8, 15))
    drawn.save(tmp_path / "drawn.png")
    items = [SketchItem(name, 0, tmp_path / name) for name in ("blank.png", "drawn.png", "absent.png")]
    blank, good, absent = (made for _, made in sketch_pictures(items, 32, count=3, rotation=10))
    assert isinstance(blank, SketchError)
    assert isinstance(absent, SketchError)
    assert good.shape == (3, 32, 32)
    np.testing.assert_array_equal(good[1], good[0][:, ::-1])
