"""Protocols: what is learned from, what is ranked, and that nothing of the one leaks into the other."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_world import SETTINGS, make_world

from sketchshape.config import from_tree, override
from sketchshape.config.data import DataSettings
from sketchshape.config.run import RunSettings
from sketchshape.datasets import Dataset, ShapeItem, SketchItem, Task, divide, load_dataset
from sketchshape.datasets.parts import Inputs
from sketchshape.errors import ConfigError, DatasetError
from sketchshape.files import digest
from sketchshape.runs.centers import Centers
from sketchshape.runs.embeddings import load_embeddings
from sketchshape.train.data.inputs import prepare_inputs
from sketchshape.train.data.preparer import Preparer
from sketchshape.train.data.store import FeatureStore
from sketchshape.train.run import train_run

SIZES = (20, 12, 10, 9, 3, 1, 10)  # shapes of each class; the last one has no test sketches
NAMES = tuple(f"class_{letter}" for letter in "abcdefg")
DATASET = Dataset(
    "made",
    NAMES,
    tuple(ShapeItem(f"m{c}.{i}", c, Path("m")) for c, size in enumerate(SIZES) for i in range(size)),
    tuple(SketchItem(f"train{c}.{i}", c, Path("s")) for c in range(7) for i in range(10)),
    tuple(SketchItem(f"test{c}.{i}", c, Path("s")) for c in range(6) for i in range(3)),
)


def named(task: Task, items: tuple[ShapeItem, ...] | tuple[SketchItem, ...]) -> dict[str, str]:
    names = task.classes + task.unseen
    return {item.id: names[item.label] for item in items}


def original(items: tuple[ShapeItem, ...] | tuple[SketchItem, ...]) -> dict[str, str]:
    return {item.id: NAMES[item.label] for item in items}


def test_closed_learns_from_what_it_ranks() -> None:
    task = divide(DATASET, DataSettings())
    assert task.gallery is task.shapes is DATASET.shapes
    assert (task.classes, task.unseen, task.train, task.test) == (NAMES, (), DATASET.train, DATASET.test)


def test_held_out_takes_a_fifth_of_each_large_class_and_asks_for_these_classes_only() -> None:
    task = divide(DATASET, DataSettings(protocol="held-out", validation=0.0))
    assert task.validation_shapes is None
    counts = np.bincount([item.label for item in task.gallery], minlength=7)
    assert counts.tolist() == [4, 2, 2, 0, 0, 0, 2]
    assert {item.id for item in task.shapes}.isdisjoint({item.id for item in task.gallery})
    assert len(task.shapes) + len(task.gallery) == len(DATASET.shapes)
    assert {item.label for item in task.test} == {0, 1, 2}
    assert len(task.test) == 9
    assert task.train == DATASET.train
    assert task.classes == NAMES


@pytest.mark.parametrize("least", [3, 5, 10])
def test_validation_ranks_shapes_that_are_neither_learned_from_nor_ranked_in_the_end(least: int) -> None:
    """As many as in the end and of the same classes; what is ranked and asked in the end stays as it is."""
    data = DataSettings(protocol="held-out", held_out_least=least)
    final, task = (divide(DATASET, replace(data, validation=part)) for part in (0.0, 0.2))
    assert task.validation_shapes is not None
    own, ranked, learned = (
        {item.id for item in items} for items in (task.validation_shapes, task.gallery, task.shapes)
    )
    assert own.isdisjoint(ranked | learned)
    assert ranked.isdisjoint(learned)
    assert own | ranked | learned == {item.id for item in DATASET.shapes}
    assert own | learned == {item.id for item in final.shapes}
    sizes = [
        np.bincount([item.label for item in items], minlength=7)
        for items in (task.validation_shapes, task.gallery)
    ]
    assert np.array_equal(sizes[0] > 0, sizes[1] > 0)
    assert np.abs(sizes[0] - sizes[1]).max() <= 1
    assert {item.label for item in task.shapes} == set(range(7))
    assert replace(task, shapes=final.shapes, validation_shapes=None) == final


@pytest.mark.parametrize("protocol", ["closed", "unseen"])
def test_the_other_protocols_keep_no_shapes_for_validation(protocol: str) -> None:
    tasks = [divide(DATASET, DataSettings(protocol=protocol, validation=part)) for part in (0.0, 0.2)]
    assert tasks[0] == tasks[1]
    assert tasks[0].validation_shapes is None


def test_held_out_depends_on_the_ids_alone() -> None:
    turned = replace(DATASET, shapes=DATASET.shapes[::-1])
    held = {item.id for item in divide(DATASET, DataSettings(protocol="held-out")).gallery}
    assert {item.id for item in divide(turned, DataSettings(protocol="held-out")).gallery} == held
    fewer = divide(DATASET, DataSettings(protocol="held-out", held_out_least=15))
    assert {item.id for item in fewer.gallery} == {name for name in held if name.startswith("m0.")}


def test_unseen_leaves_no_trace_of_a_class_in_what_is_learned() -> None:
    task = divide(DATASET, DataSettings(protocol="unseen", unseen=("Class B", "class_e")))
    assert task.unseen == ("class_b", "class_e")
    assert task.classes == tuple(name for name in NAMES if name not in task.unseen)
    for items in (task.shapes, task.train):
        assert {item.label for item in items} == set(range(5))
    for items in (task.gallery, task.test):
        assert {item.label for item in items} == {5, 6}
    for kept, all_of_them in (
        ((*task.shapes, *task.gallery), DATASET.shapes),
        ((*task.train, *task.test), (*DATASET.train, *DATASET.test)),
    ):
        names = named(task, kept)
        assert names.items() <= original(all_of_them).items()
    assert len(task.shapes) + len(task.gallery) == len(DATASET.shapes)


def test_unseen_classes_are_a_fifth_chosen_by_name() -> None:
    many = tuple(f"class {number}" for number in range(41))
    items = tuple(ShapeItem(name, label, Path("m")) for label, name in enumerate(many))
    sketches = tuple(SketchItem(name, label, Path("s")) for label, name in enumerate(many))
    task = divide(Dataset("made", many, items, sketches, sketches), DataSettings(protocol="unseen"))
    assert len(task.unseen) == 8
    turned = tuple(replace(item, label=40 - item.label) for item in items[::-1])
    other = tuple(replace(item, label=40 - item.label) for item in sketches[::-1])
    again = divide(Dataset("made", many[::-1], turned, other, other), DataSettings(protocol="unseen"))
    assert set(again.unseen) == set(task.unseen)


@pytest.mark.parametrize(
    ("data", "kind", "message"),
    [
        (
            DataSettings(protocol="held-out", held_out_least=21),
            DatasetError,
            "has 21 shapes or more .*has 20",
        ),
        (
            DataSettings(protocol="unseen", unseen=("class_h",)),
            ConfigError,
            "'class_h', .*did you mean 'class_",
        ),
        (DataSettings(protocol="unseen", unseen=("teapot",)), ConfigError, "name classes of the data set"),
        (DataSettings(protocol="unseen", unseen=NAMES[:6]), ConfigError, "leaves 1 of 7 classes"),
        (DataSettings(protocol="unseen", unseen=("class_g",)), DatasetError, "no test sketch of class_g"),
    ],
)
def test_what_cannot_be_divided_is_said(data: DataSettings, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        divide(DATASET, data)


def test_an_unknown_protocol_names_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match="protocol is 'open', expected one of: closed, held-out, unseen"):
        RunSettings(data=DataSettings(protocol="open"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("world"), shapes=10, sketches=5)


def settings(world: Path, *more: str) -> RunSettings:
    return from_tree(RunSettings, override({}, [*SETTINGS, f"data.path={json.dumps(str(world))}", *more]))


def inputs_of(run: RunSettings, cache: Path) -> Inputs:
    preparer = Preparer(run, cache=cache, workers=1, quiet=True)
    return prepare_inputs(load_dataset("folder", run.data.path), preparer)


def test_the_arrays_follow_the_protocol_and_share_one_cache(world: Path, tmp_path: Path) -> None:
    closed = inputs_of(settings(world), tmp_path)
    assert closed.shapes is closed.gallery is closed.validation_gallery
    rows = {item.id: row for item, row in zip(closed.gallery.items, closed.gallery.data, strict=True)}
    with FeatureStore(tmp_path / "features.sqlite") as store:
        stored = store._base.execute("SELECT count(*) FROM feature").fetchone()
        for more in ("data.protocol=held-out", "data.protocol=unseen"):
            inputs = inputs_of(settings(world, more), tmp_path)
            assert store._base.execute("SELECT count(*) FROM feature").fetchone() == stored
            for part in (inputs.gallery, inputs.shapes):
                for item, row in zip(part.items, part.data, strict=True):
                    assert np.array_equal(rows[item.id], row)
            assert inputs.digest != closed.digest
    assert inputs.validation_gallery is inputs.shapes
    assert {inputs.names[label] for label in inputs.test.labels} == set(inputs.unseen)
    assert {inputs.names[label] for label in inputs.validation.labels} <= set(inputs.classes)


def test_validation_of_held_out_shapes_asks_the_same_sketches_of_other_shapes(
    world: Path, tmp_path: Path
) -> None:
    closed = inputs_of(settings(world), tmp_path)
    run = settings(world, "data.protocol=held-out")
    inputs = inputs_of(run, tmp_path)
    assert inputs.validation_gallery is inputs.validation_shapes
    assert [item.id for item in inputs.validation.items] == [item.id for item in closed.validation.items]
    ids = [{item.id for item in part.items} for part in (inputs.validation_gallery, inputs.gallery)]
    learned = {item.id for item in inputs.shapes.items}
    assert [len(ids[0]), len(ids[1]), len(learned)] == [6, 6, 18]
    assert len(ids[0] | ids[1] | learned) == 30
    final = inputs_of(settings(world, "data.protocol=held-out", "data.validation=0.0"), tmp_path)
    assert final.validation_shapes is None
    assert {item.id for item in final.gallery.items} == ids[1]
    assert {item.id for item in final.shapes.items} == ids[0] | learned


def test_without_validation_the_digest_is_of_the_five_parts_alone(world: Path, tmp_path: Path) -> None:
    """Runs that were trained before are recognised: nothing else decides the hash of their arrays."""
    run = settings(world, "data.protocol=held-out", "data.validation=0.0")
    inputs = inputs_of(run, tmp_path)
    weights = Preparer(run, cache=tmp_path, workers=1, quiet=True).weights
    parts = [getattr(inputs, name) for name in ("gallery", "train", "validation", "test", "shapes")]
    facts = [
        [[item.id for item in part.items], part.labels.tolist(), digest(part.data.tobytes())]
        for part in parts
    ]
    assert inputs.digest == digest(*facts, weights)


def test_a_smaller_share_of_the_training_sketches_is_a_part_of_a_larger_one(
    world: Path, tmp_path: Path
) -> None:
    parts = [inputs_of(settings(world, f"data.share={share}"), tmp_path) for share in (0.001, 0.5, 1.0)]
    learned = [{item.id for item in inputs.train.items} for inputs in parts]
    assert learned[0] < learned[1] < learned[2]
    assert len(learned[0]) == len(parts[0].classes)  # one of each class always stays
    for name in ("validation", "test", "shapes"):
        ids = [[item.id for item in getattr(inputs, name).items] for inputs in parts]
        assert ids[0] == ids[1] == ids[2]
    assert len({inputs.digest for inputs in parts}) == 3
    with pytest.raises(ConfigError, match=r"data\.share is 0\.0, expected 0\.001"):
        settings(world, "data.share=0")


def test_each_training_sketch_is_held_out_in_one_fold(world: Path, tmp_path: Path) -> None:
    parts = [inputs_of(settings(world, f"data.fold={fold}"), tmp_path) for fold in range(5)]
    held = [{item.id for item in inputs.validation.items} for inputs in parts]
    assert [len(part) for part in held] == [3] * 5  # one of the five of each class
    assert len(set().union(*held)) == 15
    for inputs, part in zip(parts, held, strict=True):
        assert {item.id for item in inputs.train.items} == set().union(*held) - part
        assert np.bincount(inputs.validation.labels).tolist() == [1, 1, 1]
    assert len({inputs.digest for inputs in parts}) == 5
    assert parts[0].digest == inputs_of(settings(world), tmp_path).digest


@pytest.mark.parametrize("protocol", ["held-out", "unseen"])
def test_a_run_in_each_protocol(
    world: Path, tmp_path: Path, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path.parent / "cache"))
    run = settings(world, f"data.protocol={protocol}", "student.away=mean", "teacher.epochs=2")
    record = train_run(run, tmp_path / "run", workers=1, quiet=True)
    found = load_embeddings(tmp_path / "run/seed-0/embeddings.npz")
    shown = {record["classes"][label] for label in found.gallery_labels}
    centers = Centers.load(tmp_path / "run/seed-0/centers.npz")
    assert set(record["classes"]) == {"box", "plate", "rod"}
    if protocol == "held-out":
        sizes = [record["dataset"][name] for name in ("shapes", "learned_shapes", "validation_shapes")]
        assert sizes == [6, 18, 6]
        assert len(centers.classes) == 3
    else:
        assert (record["dataset"]["shapes"], record["dataset"]["learned_shapes"]) == (10, 20)
        assert set(centers.classes) == set(record["classes"]) - shown
        assert record["seeds"]["0"]["scores"]["mAP"] == 1  # one class among itself: nothing can be wrong
    rows = [json.loads(line) for line in (tmp_path / "run/seed-0/log.jsonl").read_text().splitlines()]
    assert all(0 < row["val_map"] <= 1 for row in rows if row["stage"] == "student")
