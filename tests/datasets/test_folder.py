"""A person's own folders: what is found, what is said about the rest."""

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sketchshape.datasets import (
    LAYOUTS,
    Dataset,
    ShapeItem,
    SketchItem,
    load_dataset,
    read_labelled_folder,
    split_validation,
)
from sketchshape.datasets.labelled import find_sketches
from sketchshape.errors import DatasetError, SketchError, UsageError
from sketchshape.images import draw_strokes
from sketchshape.mesh import FORMATS

DRAWING = [[[0, 90, 50], [0, 10, 80]]]


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def ndjson(path: Path, *lines: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


def keyed(*keys: Any) -> list[dict[str, Any]]:
    return [{"key_id": key, "drawing": DRAWING} for key in keys]


def ids(items: tuple[ShapeItem, ...] | tuple[SketchItem, ...]) -> list[tuple[str, int]]:
    return [(item.id, item.label) for item in items]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    touch(
        tmp_path / "shapes/Wine Bottle/b.GLB",
        tmp_path / "shapes/axe/deep/er/a.obj",
        tmp_path / "shapes/axe/a.off",
    )
    touch(tmp_path / "sketches/train/axe/2.png", tmp_path / "sketches/train/axe/more/1.JPG")
    touch(tmp_path / "sketches/test/AXE/9.webp")
    ndjson(tmp_path / "sketches/train/wine_bottle.ndjson", *keyed("11", "12"))
    ndjson(tmp_path / "sketches/test/wine-bottle.ndjson", *keyed("13"), "", {"drawing": DRAWING})
    return tmp_path


def test_everything_is_found_in_order(root: Path) -> None:
    got = load_dataset("folder", root)
    assert got.classes == ("axe", "Wine Bottle")
    assert ids(got.shapes) == [("Wine Bottle/b.GLB", 1), ("axe/a.off", 0), ("axe/deep/er/a.obj", 0)]
    assert ids(got.train) == [
        ("train/axe/2.png", 0),
        ("train/axe/more/1.JPG", 0),
        ("train/wine_bottle.ndjson#11", 1),
        ("train/wine_bottle.ndjson#12", 1),
    ]
    assert ids(got.test) == [
        ("test/AXE/9.webp", 0),
        ("test/wine-bottle.ndjson#13", 1),
        ("test/wine-bottle.ndjson#3", 1),
    ]
    assert [item.line for item in got.train] == [None, None, 1, 2]
    assert [item.line for item in got.test] == [None, 1, 3]
    assert got.problems == ()
    assert load_dataset("folder", root) == got
    json.dumps(got.summary())


def test_every_format_is_a_shape(root: Path) -> None:
    for suffix in FORMATS:
        (root / "shapes" / "axe" / f"more{suffix.upper()}").write_bytes(b"")
    shapes = load_dataset("folder", root).shapes
    assert {path.suffix.lower() for path in (one.path for one in shapes)} >= set(FORMATS)


def test_strokes_are_drawn(root: Path) -> None:
    other = [[[0, 10], [0, 0]], [[5], [9]]]
    ndjson(root / "sketches/train/wine_bottle.ndjson", {"drawing": DRAWING}, {"drawing": other})
    (root / "sketches/train/axe/3.json").write_text(json.dumps(other))
    items = {item.id: item for item in load_dataset("folder", root).train}
    np.testing.assert_array_equal(items["train/wine_bottle.ndjson#1"].read(), draw_strokes(DRAWING))
    np.testing.assert_array_equal(items["train/wine_bottle.ndjson#2"].read(), draw_strokes(other))
    np.testing.assert_array_equal(items["train/axe/3.json"].read(), draw_strokes(other))
    with pytest.raises(SketchError, match=r"2\.png: is not a picture"):
        items["train/axe/2.png"].read()


def test_pictures_are_read(root: Path) -> None:
    gray = draw_strokes(DRAWING)
    Image.fromarray(gray).save(root / "sketches/train/axe/2.png")
    np.testing.assert_array_equal(load_dataset("folder", root).train[0].read(), gray)


def test_classes_on_one_side_only_are_named(root: Path) -> None:
    touch(root / "shapes/tree/t.off", root / "shapes/bush/b.off", root / "shapes/key/k.off")
    touch(root / "sketches/train/zebra/1.png", root / "sketches/test/zebra/2.png")
    touch(root / "sketches/train/bush/1.png", root / "sketches/test/key/1.png")
    got = load_dataset("folder", root)
    assert got.classes == ("axe", "bush", "key", "tree", "Wine Bottle")
    assert set(got.problems) == {
        "1 classes have sketches but no shapes and are left out, but for a words head: zebra",
        "1 classes have shapes but no sketches; the shapes stay in the gallery: tree",
        "1 classes have no training sketches: key",
        "1 classes have no test sketches: bush",
    }
    assert "tree/t.off" in {item.id for item in got.shapes}
    assert not any("zebra" in item.id for item in (*got.train, *got.test))
    assert got.words == ("zebra",)
    assert [(item.id, item.label) for item in got.further] == [("train/zebra/1.png", 0)]


def test_words_without_shapes_are_numbered_by_their_names(root: Path) -> None:
    plain = load_dataset("folder", root)
    assert (plain.words, plain.further) == ((), ())
    touch(*(root / f"sketches/train/{name}/1.png" for name in ("Yo-Yo", "ant hill", "AXE", "yo yo")))
    touch(root / "sketches/test/only_asked/1.png")
    got = load_dataset("folder", root)
    assert got.words == ("ant hill", "Yo-Yo")
    found = {item.id: got.words[item.label] for item in got.further}
    assert found == {
        "train/Yo-Yo/1.png": "Yo-Yo",
        "train/yo yo/1.png": "Yo-Yo",
        "train/ant hill/1.png": "ant hill",
    }
    assert (got.classes, got.shapes, got.test) == (plain.classes, plain.shapes, plain.test)


def test_hidden_and_other_files(root: Path) -> None:
    expected = load_dataset("folder", root)
    touch(root / "shapes/.DS_Store", root / "shapes/axe/.hidden.off", root / "shapes/.git/x/y.off")
    touch(
        root / "shapes/__MACOSX/axe/a.off", root / "shapes/axe/Thumbs.db", root / "sketches/train/.x.ndjson"
    )
    touch(root / "shapes/axe/a.mtl", root / "shapes/axe/wood.png", root / "shapes/loose.off")
    assert load_dataset("folder", root) == expected
    touch(root / "shapes/axe/a.txt", root / "shapes/axe/b.TXT", root / "shapes/axe/c.blend")
    touch(root / "sketches/test/AXE/notes.md", root / "sketches/old/axe/1.png")
    got = load_dataset("folder", root)
    assert got.problems == (
        "3 files of other kinds under shapes are ignored: .blend (1), .txt (2)",
        "1 files of other kinds under test are ignored: .md (1)",
        "folders beside train and test are ignored: old",
    )
    assert (got.shapes, got.train, got.test) == (expected.shapes, expected.train, expected.test)


def test_bad_lines_are_left_out_and_named(root: Path) -> None:
    lines = [{"drawing": 5}, "{", "[]", "7", "null", {"word": "x"}, *keyed("a"), "[" * 50_000]
    ndjson(root / "sketches/train/wine_bottle.ndjson", *lines)
    got = load_dataset("folder", root)
    assert [item.id for item in got.train if item.label == 1] == ["train/wine_bottle.ndjson#a"]
    (problem,) = got.problems
    assert problem.startswith("7 lines hold no JSON object with a drawing")
    assert "train/wine_bottle.ndjson, line 1" in problem
    assert "and 4 more" in problem


def test_keys_that_repeat_keep_distinct_ids(root: Path) -> None:
    ndjson(root / "sketches/train/wine_bottle.ndjson", *keyed("11", "11", 11))
    got = load_dataset("folder", root)
    found = [item.id for item in got.train if item.label == 1]
    assert len(set(found)) == len(found) == 3
    assert [item.line for item in got.train if item.label == 1] == [1, 2, 3]


def test_a_drawing_in_both_parts_is_named(root: Path) -> None:
    ndjson(root / "sketches/train/wine_bottle.ndjson", *keyed("11", "13"))
    assert load_dataset("folder", root).problems == (
        "1 drawings are training and test sketches at once: wine bottle 13",
    )


def flat(root: Path, count: int) -> None:
    touch(root / "shapes/axe/a.off", root / "shapes/train/t.off")
    ndjson(root / "sketches/axe.ndjson", *keyed(*range(1, count + 1)))
    touch(*(root / f"sketches/train/{n}.png" for n in range(10)))  # the class "train": a train can be drawn


def test_a_split_where_there_is_none(tmp_path: Path) -> None:
    flat(tmp_path, 20)
    got = load_dataset("folder", tmp_path)
    assert got.classes == ("axe", "train")
    counts = {(part, n): 0 for part in ("train", "test") for n in (0, 1)}
    for part in ("train", "test"):
        for item in getattr(got, part):
            counts[part, item.label] += 1
    assert counts == {("train", 0): 14, ("test", 0): 6, ("train", 1): 7, ("test", 1): 3}
    assert not {item.id for item in got.train} & {item.id for item in got.test}
    assert load_dataset("folder", tmp_path) == got


def test_the_split_is_by_name_alone(tmp_path: Path) -> None:
    """Another order of the lines and another place of the folder give the same split."""
    flat(tmp_path / "a", 20)
    flat(tmp_path / "b", 20)
    ndjson(tmp_path / "b/sketches/axe.ndjson", *keyed(*range(20, 0, -1)))
    a, b = (load_dataset("folder", tmp_path / name) for name in "ab")
    assert {item.id for item in a.test} == {item.id for item in b.test}


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("shapes", "has no folder shapes"),
        ("sketches", "has no folder sketches"),
    ],
)
def test_missing_folders(root: Path, missing: str, message: str) -> None:
    (root / missing).rename(root / "elsewhere")
    with pytest.raises(DatasetError, match=message):
        load_dataset("folder", root)


def test_nothing_in_common(root: Path) -> None:
    for name in ("axe", "Wine Bottle"):
        (root / "shapes" / name).rename(root / "shapes" / f"{name} old")
    with pytest.raises(
        DatasetError, match="no training sketch of a class with shapes and sketches; 2 classes have"
    ):
        load_dataset("folder", root)


def test_no_test_sketch(root: Path) -> None:
    for path in (root / "sketches/test").rglob("*.*"):
        path.unlink()
    with pytest.raises(DatasetError, match="no test sketch"):
        load_dataset("folder", root)


@pytest.mark.parametrize("layout", ["Folder", "shrec", "", "cla", "../folder"])
def test_a_wrong_layout_lists_what_exists(tmp_path: Path, layout: str) -> None:
    with pytest.raises(UsageError, match="expected one of: folder, psb76, shrec13, shrec14"):
        load_dataset(layout, tmp_path)
    assert LAYOUTS == ("folder", "psb76", "shrec13", "shrec14")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_root_that_is_none(tmp_path: Path, layout: str) -> None:
    for wrong in (tmp_path / "gone", ""):
        with pytest.raises(DatasetError, match="is not a folder"):
            load_dataset(layout, wrong)


def test_labelled_folders_for_evaluation(tmp_path: Path) -> None:
    touch(*(tmp_path / "g" / "Wine Bottle" / f"x{suffix}" for suffix in FORMATS), tmp_path / "g/axe/a.off")
    shapes = read_labelled_folder(tmp_path / "g", "shapes")
    assert [name for name, _ in shapes] == ["Wine Bottle"] * len(FORMATS) + ["axe"]
    assert all(isinstance(item, ShapeItem) and item.path.is_file() for _, item in shapes)
    assert [item.label for _, item in shapes] == [0] * len(FORMATS) + [1]

    ndjson(tmp_path / "q/tree.ndjson", *keyed("5", "6"))
    ndjson(tmp_path / "q/axe/more.ndjson", *keyed("7"))
    touch(tmp_path / "q/axe/1.png", tmp_path / "q/axe/2.json")
    sketches = read_labelled_folder(tmp_path / "q", kind="sketches")
    assert [(name, item.id, item.line) for name, item in sketches] == [
        ("axe", "axe/1.png", None),
        ("axe", "axe/2.json", None),
        ("axe", "axe/more.ndjson#7", 1),
        ("tree", "tree.ndjson#5", 1),
        ("tree", "tree.ndjson#6", 2),
    ]
    assert [item.label for _, item in sketches] == [0, 0, 0, 1, 1]


def test_two_spellings_have_one_label(tmp_path: Path) -> None:
    touch(tmp_path / "Wine Bottle/a.off", tmp_path / "axe/a.off", tmp_path / "wine_bottle/b.off")
    assert [item.label for _, item in read_labelled_folder(tmp_path, "shapes")] == [0, 1, 0]


def test_labelled_folder_errors(tmp_path: Path) -> None:
    touch(tmp_path / "axe/a.off")
    with pytest.raises(UsageError, match="kind is 'meshes'"):
        read_labelled_folder(tmp_path, "meshes")  # type: ignore[call-overload]
    with pytest.raises(UsageError, match="is not a folder"):
        read_labelled_folder(tmp_path / "gone", "shapes")
    with pytest.raises(DatasetError, match="has no sketches"):
        read_labelled_folder(tmp_path, "sketches")


def sketches(*sizes: int) -> list[SketchItem]:
    return [SketchItem(f"{n}-{k}", n, Path("x")) for n, size in enumerate(sizes) for k in range(size)]


@pytest.mark.parametrize("fraction", [0.0, 0.1, 0.25, 0.5, 1.0])
def test_validation_is_stratified(fraction: float) -> None:
    items = sketches(1, 2, 3, 10, 40)
    train, held = split_validation(items, fraction, seed=0)
    assert sorted([*train, *held], key=items.index) == items
    assert [*train] == sorted(train, key=items.index)
    assert [*held] == sorted(held, key=items.index)
    for label, size in enumerate((1, 2, 3, 10, 40)):
        got = sum(item.label == label for item in held)
        assert got == min(int(size * fraction + 0.5), size - 1)


def test_validation_depends_on_ids_and_seed_alone() -> None:
    items = sketches(20, 20)
    chosen = [{item.id for item in split_validation(items, 0.25, seed)[1]} for seed in range(20)]
    assert chosen[0] == {item.id for item in split_validation(items[::-1], 0.25, 0)[1]}
    assert len({frozenset(one) for one in chosen}) == 20
    assert len(set().union(*chosen)) == 40  # no item is never drawn


@pytest.mark.parametrize(("fraction", "folds"), [(0.5, 2), (1 / 3, 3), (0.25, 4), (0.2, 5), (0.1, 10)])
def test_folds_are_disjoint_have_all_items_and_are_as_large_in_each_class(
    fraction: float, folds: int
) -> None:
    sizes = (1, 2, 3, 4, 7, 10, 12, 50, 53)
    items = sketches(*sizes)
    parts = [split_validation(items, fraction, 0, fold) for fold in range(folds)]
    assert parts[0] == split_validation(items, fraction, 0)
    found = [item.id for _, held in parts for item in held]
    assert sorted(found) == sorted(item.id for item in items[1:])  # the only one of its class always stays
    for train, held in parts:
        assert sorted([*train, *held], key=items.index) == items
        assert {item.label for item in train} == set(range(len(sizes)))
        for label, size in enumerate(sizes[1:], 1):
            assert abs(sum(item.label == label for item in held) - size * fraction) < 1
    with pytest.raises(ValueError, match=rf"fold is {folds}, expected 0 to {folds - 1} of a fraction"):
        split_validation(items, fraction, 0, folds)


def test_folds_that_leave_a_rest_are_disjoint_too() -> None:
    items = sketches(50, 9)
    parts = [{item.id for item in split_validation(items, 0.3, 0, fold)[1]} for fold in range(3)]
    assert [len(part) for part in parts] == [18, 17, 18]
    assert len(set().union(*parts)) == 53


@pytest.mark.parametrize("fraction", [-0.1, 1.1, float("nan")])
def test_bad_fractions(fraction: float) -> None:
    with pytest.raises(ValueError, match="expected 0 to 1"):
        split_validation(sketches(3), fraction, 0)


def test_an_empty_summary() -> None:
    summary = Dataset("folder", (), (), (), ()).summary()
    assert summary["shapes_per_class"] == [0, 0]
    assert summary["test"] == 0


def packed(path: Path, names: Sequence[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"")
    return path


def test_an_archive_of_shapes_is_a_folder_as_a_class_and_within_one(root: Path) -> None:
    packed(root / "shapes/AXE.zip", ["new/b.obj", "c.stl", "about.txt", "__MACOSX/c.stl"])
    packed(root / "shapes/Wine Bottle/deep/more.ZIP", ["b.off", "b.mtl", "../out.off"])
    (root / "shapes/axe/broken.zip").write_bytes(b"PK no archive")
    got = load_dataset("folder", root)
    assert got.classes == ("AXE", "Wine Bottle")
    assert ids(got.shapes) == [
        ("AXE.zip/c.stl", 0),
        ("AXE.zip/new/b.obj", 0),
        ("Wine Bottle/b.GLB", 1),
        ("Wine Bottle/deep/more.ZIP/b.off", 1),
        ("axe/a.off", 0),
        ("axe/deep/er/a.obj", 0),
    ]
    ignored, *closed = got.problems
    assert ignored == "1 files of other kinds under shapes are ignored: .txt (1)"
    assert closed[0] == "shapes/Wine Bottle/deep/more.ZIP/../out.off: its name leads out of the archive"
    assert closed[1].startswith("shapes/axe/broken.zip: is no zip archive that can be read")
    assert len(closed) == 2


def test_an_archive_may_be_the_whole_gallery_but_sketches_are_read_unpacked(tmp_path: Path) -> None:
    archive = packed(tmp_path / "lib.zip", ["axe/a.off", "axe/more/b.off", "bed/c.stl", "loose.obj"])
    found = read_labelled_folder(archive, "shapes")
    assert [(name, item.id, item.label) for name, item in found] == [
        ("axe", "axe/a.off", 0),
        ("axe", "axe/more/b.off", 0),
        ("bed", "bed/c.stl", 1),
    ]
    assert found[0][1].path == archive / "axe/a.off"
    with pytest.raises(UsageError, match=r"lib\.zip is not a folder"):
        read_labelled_folder(archive, "sketches")
    packed(tmp_path / "sketches/axe/drawn.zip", ["1.png"])
    touch(tmp_path / "sketches/axe/2.png")
    assert [item.id for _, item in read_labelled_folder(tmp_path / "sketches", "sketches")] == ["axe/2.png"]
    assert find_sketches(tmp_path / "sketches", tmp_path).problems == [
        "1 files of other kinds under sketches are ignored: .zip (1)"
    ]
