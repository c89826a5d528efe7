"""The SHREC layouts: lists anywhere, files by number, every mismatch said. The archives here are made up."""

import re
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from official_files import BENCHMARKS, IDS, LISTS, SHAPES, SKETCHES, TEST, cla, make, shared, touch
from PIL import Image
from small_world import SETTINGS

from sketchshape.cli.main import main
from sketchshape.config import from_tree, override
from sketchshape.config.run import RunSettings
from sketchshape.datasets import load_dataset
from sketchshape.datasets.cla import read_cla
from sketchshape.errors import DatasetError, SketchError
from sketchshape.train.data.preparer import Preparer

layouts = pytest.mark.parametrize("layout", sorted(BENCHMARKS))


@layouts
def test_the_official_archives(tmp_path: Path, layout: str) -> None:
    make(tmp_path, layout)
    first, second = (BENCHMARKS[layout].shape.format(id) for id in IDS[layout])
    got = load_dataset(layout, tmp_path, strict=False)
    assert got.name == layout
    assert got.classes == ("wine-bottle", "axe")
    assert [(item.id, item.label) for item in got.shapes] == [(second, 0), (first, 1)]
    assert [(item.id, item.label) for item in got.train] == [
        ("31", 1),
        ("32", 1),
        ("41", 0),
        ("42", 0),
        ("43", 0),
    ]
    assert [(item.id, item.label) for item in got.test] == [("35", 1), ("1", 0), ("47", 0)]
    assert got.problems == ()
    for item in (*got.shapes, *got.train, *got.test):
        assert item.path.is_file()
        assert item.path.stem == item.id
    assert {item.path.parts[-2] for item in got.train} == {"train"}
    assert {item.path.parts[-2] for item in got.test} == {"test"}
    assert got.summary() == {
        "name": layout,
        "classes": 2,
        "shapes": 2,
        "train": 5,
        "test": 3,
        "shapes_classes": 2,
        "train_classes": 2,
        "test_classes": 2,
        "shapes_per_class": [1, 1],
        "train_per_class": [2, 3],
        "test_per_class": [1, 2],
        "problems": [],
    }


@layouts
def test_the_archive_of_the_shapes_may_stay_packed(tmp_path: Path, layout: str) -> None:
    make(tmp_path, layout)
    unpacked = load_dataset(layout, tmp_path, strict=False)
    folder = tmp_path / SHAPES[layout]
    with zipfile.ZipFile(folder.with_suffix(".zip"), "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, f"{folder.name}/{path.name}")
        archive.writestr("35.png", b"")  # a sketch in it is not looked for
        archive.writestr(f"{BENCHMARKS[layout].prefix}Model.cla", b"no list")
    assert load_dataset(layout, tmp_path, strict=False) == unpacked  # what is unpacked comes first
    shutil.rmtree(folder)
    got = load_dataset(layout, tmp_path, strict=False)
    archived = folder.with_suffix(".zip") / folder.name
    assert got.shapes == tuple(replace(item, path=archived / item.path.name) for item in unpacked.shapes)
    assert (got.train, got.test, got.problems) == (unpacked.train, unpacked.test, ())


@layouts
def test_the_sizes_are_the_published_ones(tmp_path: Path, layout: str) -> None:
    make(tmp_path, layout)
    classes, shapes = BENCHMARKS[layout].sizes["Model"]
    with pytest.raises(
        DatasetError, match=rf"2 classes and 2 items, expected {classes} and {shapes} .*strict=False"
    ):
        load_dataset(layout, tmp_path)


def sized(classes: int, items: int) -> dict[str, tuple[str, ...]]:
    """Make a list of that size."""
    ids = [str(number) for number in range(items)]
    return {f"c{label}": tuple(ids[label::classes]) for label in range(classes)}


FOLDERS = (
    "sort its files into shapes/<class>/* and sketches/{train,test}/<class>/* and set data.layout=folder"
)


@pytest.mark.parametrize(
    ("layout", "part", "size", "expected"),
    [
        ("shrec13", "Model", (171, 8987), "SHREC'14: set data.layout=shrec14"),
        ("shrec13", "Model", (20, 400), f"SHREC'12, of which there is no layout: {FOLDERS}"),
        ("shrec13", "Model", (13, 260), f"SHREC'12, of which there is no layout: {FOLDERS}"),
        ("shrec14", "Model", (90, 1258), "SHREC'13: set data.layout=shrec13"),
        ("psb76", "Sketch_Train", (90, 4500), "SHREC'13: set data.layout=shrec13"),
        ("shrec13", "Sketch_Train", (76, 2022), "psb76: set data.layout=psb76"),
    ],
)
def test_sizes_of_another_benchmark_name_it(
    tmp_path: Path, layout: str, part: str, size: tuple[int, int], expected: str
) -> None:
    benchmark = BENCHMARKS[layout]
    for name, own in benchmark.sizes.items():
        cla(tmp_path / f"{benchmark.prefix}{name}.cla", sized(*(size if name == part else own)))
    with pytest.raises(DatasetError) as caught:
        load_dataset(layout, tmp_path)
    known = benchmark.sizes[part]
    path = tmp_path / f"{benchmark.prefix}{part}.cla"
    assert str(caught.value) == (
        f"{path}: {size[0]} classes and {size[1]} items, expected {known[0]} and {known[1]} of {layout}; "
        f"take the official list, or, as these are the sizes of {expected}"
    )


@pytest.mark.parametrize("layout", sorted(BENCHMARKS))
@pytest.mark.parametrize("other", sorted(BENCHMARKS))
def test_lists_of_another_benchmark_name_it(tmp_path: Path, layout: str, other: str) -> None:
    if layout == other:
        return
    make(tmp_path, other)
    title = {"shrec13": "SHREC'13", "shrec14": "SHREC'14", "psb76": "psb76"}[other]
    with pytest.raises(DatasetError) as caught:
        load_dataset(layout, tmp_path)
    missing, there = (f"{BENCHMARKS[name].prefix}Model.cla" for name in (layout, other))
    assert str(caught.value) == (
        f"{missing} is not under {tmp_path}, but {there} is, a list of {title}: set data.layout={other}"
    )


def test_lists_of_shrec12_say_that_there_is_no_layout(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cla(tmp_path / "lists/SHREC2012_Sketch.cla", TEST)
    config = Path(__file__).parents[2] / "configs/shrec13.toml"
    assert main(["train", str(config), "--data", str(tmp_path), "--out", str(tmp_path / "run")]) == 1
    said = capsys.readouterr().err
    assert f"but SHREC2012_Sketch.cla is, a list of SHREC'12, of which there is no layout: {FOLDERS}" in said
    assert said.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_a_list_that_is_missing_beside_others_of_its_benchmark_is_not_another_benchmark(
    tmp_path: Path,
) -> None:
    make(tmp_path, "shrec13")
    (tmp_path / LISTS["shrec13"] / "SHREC13_SBR_Sketch_Test.cla").unlink()
    cla(tmp_path / "SHREC12.cla", TEST)
    with pytest.raises(
        DatasetError, match=r"SHREC13_SBR_Sketch_Test\.cla is not under [^,]*; ask the track's"
    ):
        load_dataset("shrec13", tmp_path, strict=False)


def test_sketches_of_any_size_and_shape_are_read_and_those_that_show_nothing_are_named(
    tmp_path: Path,
) -> None:
    make(tmp_path, "shrec13")
    items = load_dataset("shrec13", tmp_path, strict=False).train
    sizes = [(1111, 1111), (224, 224), (300, 90), (12, 9), (64, 64)]  # width, height; the last one is blank
    for item, (width, height) in zip(items, sizes, strict=True):
        levels = np.full((height, width), 255, np.uint8)
        levels[height // 4 : height // 2, width // 4 : width // 2] = 0 if width != 64 else 255
        Image.fromarray(levels).save(item.path)
    assert [item.read().shape for item in items[:3]] == [(1111, 1111), (224, 224), (90, 300)]
    with pytest.raises(SketchError) as caught:
        items[3].read()
    cause = "is 12 x 9 pixels, expected a side of 16 or more; take a larger picture"
    assert str(caught.value) == f"{items[3].path}: {cause}"
    with pytest.raises(SketchError, match=rf"^{re.escape(str(items[4].path))}: no ink"):
        items[4].read()
    run = from_tree(RunSettings, override({}, SETTINGS))
    found = Preparer(run, cache=tmp_path / "cache", workers=1, quiet=True).sketches(items, 1)
    assert found.kept == [0, 1, 2]
    assert [problem.partition(":")[0] for problem in found.problems] == [str(item.path) for item in items[3:]]


def test_known_sizes() -> None:
    sizes = {name: [items for _, items in benchmark.sizes.values()] for name, benchmark in BENCHMARKS.items()}
    assert sizes == {
        "shrec13": [1258, 4500, 2700],
        "shrec14": [8987, 8550, 5130],
        "psb76": [1258, 2022, 1107],
    }
    assert [benchmark.sizes["Model"][0] for benchmark in BENCHMARKS.values()] == [90, 171, 90]


@layouts
def test_missing_files_are_named_and_counted(tmp_path: Path, layout: str) -> None:
    make(tmp_path, layout)
    first = BENCHMARKS[layout].shape.format(IDS[layout][0])
    (tmp_path / SHAPES[layout] / f"{first}.off").unlink()
    for id in ("41", "42"):
        (tmp_path / SKETCHES[layout]["train"] / "wine-bottle/train" / f"{id}.png").unlink()
    got = load_dataset(layout, tmp_path, strict=False)
    assert len(got.shapes) == 1
    assert got.classes == ("wine-bottle", "axe")  # labels do not depend on which files are there
    assert got.problems == (
        f"1 shapes of the lists have no file: {first} (axe)",
        "2 training sketches of the lists have no file: 41 (wine-bottle), 42 (wine-bottle)",
    )


@layouts
def test_many_missing_files_are_not_all_named(tmp_path: Path, layout: str) -> None:
    make(tmp_path, layout)
    ids = tuple(str(n) for n in range(9000, 9010))
    cla(
        tmp_path / LISTS[layout] / f"{BENCHMARKS[layout].prefix}Sketch_Test.cla",
        {**TEST, "axe": ("35", *ids)},
    )
    (problem,) = load_dataset(layout, tmp_path, strict=False).problems
    assert (
        problem == "10 test sketches of the lists have no file: 9000 (axe), 9001 (axe), 9002 (axe) and 7 more"
    )


@layouts
def test_other_files_with_the_same_number_are_not_taken(tmp_path: Path, layout: str) -> None:
    """Rendered views, the other part, other classes, and what macOS and editors leave behind."""
    make(tmp_path, layout)
    expected = load_dataset(layout, tmp_path, strict=False)
    shape = BENCHMARKS[layout].shape.format(IDS[layout][0])
    for other in (
        "aaa/views/m1/1.png",
        "aaa/axe/test/1.png",
        "aaa/wine-bottle/train/47.png",
        "aaa/wine-bottle/test/41.png",
        "aaa/wine-bottle/test/1.txt",
        f"aaa/{shape}.png",
        f"__MACOSX/{shape}.off",
        f".{shape}.off",
        "__MACOSX/wine-bottle/test/1.png",
    ):
        touch(tmp_path / other)
    assert load_dataset(layout, tmp_path, strict=False) == expected


@layouts
def test_folders_in_another_case_and_formats(tmp_path: Path, layout: str) -> None:
    make(tmp_path, layout)
    base = tmp_path / SKETCHES[layout]["test"]
    (base / "wine-bottle" / "test" / "1.png").unlink()
    moved = touch(base / "Wine_Bottle" / "test" / "1.JPG")
    shape = BENCHMARKS[layout].shape.format(IDS[layout][0])
    (tmp_path / SHAPES[layout] / f"{shape}.off").unlink()
    obj = touch(tmp_path / "deeper" / "still" / f"{shape.upper()}.OBJ")
    got = load_dataset(layout, tmp_path, strict=False)
    assert got.problems == ()
    assert got.test[1].path == moved
    assert got.shapes[1].path == obj


@layouts
def test_a_class_of_sketches_without_shapes_is_refused(tmp_path: Path, layout: str) -> None:
    make(tmp_path, layout)
    cla(tmp_path / LISTS[layout] / f"{BENCHMARKS[layout].prefix}Sketch_Test.cla", {"zebra": ("35",)})
    with pytest.raises(DatasetError, match=r"Sketch_Test\.cla has classes that Model\.cla has not: zebra"):
        load_dataset(layout, tmp_path, strict=False)


@layouts
def test_an_empty_folder_says_where_the_data_is_had(tmp_path: Path, layout: str) -> None:
    with pytest.raises(DatasetError) as caught:
        load_dataset(layout, tmp_path)
    assert f"{BENCHMARKS[layout].prefix}Model.cla is not under {tmp_path}" in str(caught.value)
    assert BENCHMARKS[layout].source in str(caught.value)


@pytest.mark.parametrize("year", ["13", "14"])
def test_the_address_is_that_of_the_year(year: str) -> None:
    assert BENCHMARKS[f"shrec{year}"].source.endswith(f"/contest/20{year}/SBR/data.html")


@layouts
def test_lists_without_files_are_an_error(tmp_path: Path, layout: str) -> None:
    make(tmp_path, layout)
    for path in tmp_path.rglob("*.off"):
        path.unlink()
    with pytest.raises(DatasetError, match=f"no shape file of {layout}"):
        load_dataset(layout, tmp_path, strict=False)


def test_packed_shapes_come_with_the_command(tmp_path: Path) -> None:
    make(tmp_path, "psb76")
    (tmp_path / "models").rename(tmp_path / "elsewhere")
    touch(tmp_path / "models.tar.xz")
    with pytest.raises(DatasetError, match=rf"tar -xJf '{tmp_path}/models\.tar\.xz' -C '{tmp_path}'"):
        load_dataset("psb76", tmp_path, strict=False)


def test_linked_folders_are_followed_but_not_for_ever(tmp_path: Path) -> None:
    make(tmp_path / "data", "shrec13")
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path / "data")
    (tmp_path / "data" / "loop").symlink_to(root)
    assert len(load_dataset("shrec13", root, strict=False).train) == 5


@pytest.mark.parametrize(("layout", "smallest", "largest"), [("shrec13", 4, 184), ("shrec14", 1, 632)])
def test_the_official_lists(tmp_path: Path, layout: str, smallest: int, largest: int) -> None:
    folder = shared() / "shrec_lists" / layout
    prefix = BENCHMARKS[layout].prefix
    lists = {part: read_cla(folder / f"{prefix}{part}.cla") for part in BENCHMARKS[layout].sizes}
    for part, classes in lists.items():
        assert (len(classes), sum(map(len, classes.values()))) == BENCHMARKS[layout].sizes[part]
        assert classes.keys() <= lists["Model"].keys()
    sizes = [len(ids) for ids in lists["Model"].values()]
    assert (min(sizes), max(sizes)) == (smallest, largest)
    assert {len(ids) for ids in lists["Sketch_Train"].values()} == {50}
    assert {len(ids) for ids in lists["Sketch_Test"].values()} == {30}
    train, test = (
        {id for ids in lists[part].values() for id in ids} for part in ("Sketch_Train", "Sketch_Test")
    )
    assert not train & test
    for name in lists:
        (tmp_path / f"{prefix}{name}.cla").symlink_to(folder / f"{prefix}{name}.cla")
    for label, id in (("Model", "Model"), ("train", "Sketch_Train"), ("test", "Sketch_Test")):
        name, ids = next(iter(lists[id].items()))
        stem = (
            BENCHMARKS[layout].shape.format(ids[0]) + ".off"
            if label == "Model"
            else f"{name}/{label}/{ids[0]}.png"
        )
        touch(tmp_path / "x" / stem)
    got = load_dataset(layout, tmp_path)  # strict: the real sizes
    assert len(got.problems) == 3
    assert (len(got.shapes), len(got.train), len(got.test)) == (1, 1, 1)


def test_psb76_says_that_its_shapes_are_packed() -> None:
    root = shared() / "psb76"
    if (root / "models").is_dir():
        pytest.skip("the shapes are unpacked here")
    with pytest.raises(DatasetError, match="tar -xJf"):
        load_dataset("psb76", root)


def test_a_sketch_is_read(tmp_path: Path) -> None:
    make(tmp_path, "psb76")
    gray = np.full((20, 30), 255, np.uint8)
    gray[5:9, 6:20] = 0
    item = load_dataset("psb76", tmp_path, strict=False).train[0]
    Image.fromarray(gray).save(item.path)
    np.testing.assert_array_equal(item.read(), gray)
