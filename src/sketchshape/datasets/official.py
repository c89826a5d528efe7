"""The layout in which the SHREC benchmarks are given out: lists, mesh files and sketches by number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sketchshape.datasets import recognise
from sketchshape.datasets.cla import read_cla
from sketchshape.datasets.items import Dataset, ShapeItem, SketchItem
from sketchshape.datasets.shape_files import all_files
from sketchshape.datasets.walk import class_key, some
from sketchshape.errors import DatasetError
from sketchshape.images.ink import SUFFIXES as PICTURES
from sketchshape.mesh import FORMATS
from sketchshape.zips import split

Classes = Mapping[str, tuple[str, ...]]
Index = Mapping[str, list[Path]]


@dataclass(frozen=True)
class Benchmark:
    """What is known of a benchmark.

    Args:
        name: the layout.
        prefix: of the list files: `<prefix>Model.cla`, `<prefix>Sketch_Train.cla`, `<prefix>Sketch_Test.cla`.
        shape: the file name of a shape without suffix, with `{}` for its id.
        sizes: list -> (classes, items).
        source: a sentence on where the data is had.
    """

    name: str
    prefix: str
    shape: str
    sizes: Mapping[str, tuple[int, int]]
    source: str


def load_benchmark(benchmark: Benchmark, root: Path, *, strict: bool) -> Dataset:
    """Read the lists, wherever they lie under `root`, and find their files.

    Args:
        benchmark: what is expected.
        root: a folder that holds the unpacked archives, in any sub-folders; that of the shapes may be packed
            as .zip.
        strict: the lists must have the known sizes.

    Returns:
        Items in the order of the lists; a file that is not there is named in `problems`.

    Raises:
        DatasetError: a list is missing or bad, has another size, or none of its files is there.
    """
    index: dict[str, list[Path]] = defaultdict(list)
    problems: list[str] = []
    for path in all_files(root, lambda path, reason: problems.append(f"{path}: {reason}")):
        kind = path.suffix.lower()
        if kind not in FORMATS and split(path):
            continue  # sketches and lists are read where they are unpacked
        index[path.name.lower() if kind == ".cla" else path.stem.lower()].append(path)
    lists = {part: _read_list(benchmark, part, index, root, strict) for part in benchmark.sizes}
    classes = tuple(lists["Model"])
    shapes = _shapes(benchmark, lists["Model"], index, problems)
    train, test = (_sketches(lists, part, classes, index, problems) for part in ("Train", "Test"))
    for items, what in ((shapes, "shape"), (train, "training sketch"), (test, "test sketch")):
        if not items:
            raise DatasetError(f"no {what} file of {benchmark.name} under {root}; {benchmark.source}")
    return Dataset(benchmark.name, classes, shapes, train, test, tuple(problems))


def _read_list(benchmark: Benchmark, part: str, index: Index, root: Path, strict: bool) -> Classes:
    name = f"{benchmark.prefix}{part}.cla"
    found = index.get(name.lower())
    if not found:
        own = (f"{benchmark.prefix}{other}.cla".lower() for other in benchmark.sizes)
        lists = recognise.by_name(path.name for paths in index.values() for path in paths)
        if lists and not any(list_name in index for list_name in own):
            there, what = lists[0], recognise.advice(lists[1])
            raise DatasetError(f"{name} is not under {root}, but {there} is, a list of {what}")
        raise DatasetError(f"{name} is not under {root}; {benchmark.source}")
    path = min(found, key=lambda path: (len(path.parts), path))
    classes = read_cla(path)
    size, known = (len(classes), sum(map(len, classes.values()))), benchmark.sizes[part]
    if strict and size != known:
        other = recognise.by_size(size)
        what = "take the official list, or load it with strict=False"
        if other and other != benchmark.name:
            what = f"take the official list, or, as these are the sizes of {recognise.advice(other)}"
        raise DatasetError(
            f"{path}: {size[0]} classes and {size[1]} items, expected {known[0]} and {known[1]} "
            f"of {benchmark.name}; {what}"
        )
    return classes


def _shapes(
    benchmark: Benchmark, classes: Classes, index: Index, problems: list[str]
) -> tuple[ShapeItem, ...]:
    items, missing = [], []
    for label, (name, ids) in enumerate(classes.items()):
        for id in ids:
            stem = benchmark.shape.format(id)
            paths = [path for path in index.get(stem.lower(), ()) if path.suffix.lower() in FORMATS]
            if paths:
                items.append(ShapeItem(stem, label, min(paths, key=lambda path: (len(path.parts), path))))
            else:
                missing.append(f"{stem} ({name})")
    _report(problems, missing, "shapes")
    return tuple(items)


def _sketches(
    lists: Mapping[str, Classes], part: str, classes: tuple[str, ...], index: Index, problems: list[str]
) -> tuple[SketchItem, ...]:
    labels = {name: label for label, name in enumerate(classes)}
    items, missing, unknown = [], [], []
    for name, ids in lists[f"Sketch_{part}"].items():
        if name not in labels:
            unknown.append(name)
            continue
        for id in ids:
            path = _sketch(index.get(id.lower(), ()), name, part)
            if path:
                items.append(SketchItem(id, labels[name], path))
            else:
                missing.append(f"{id} ({name})")
    if unknown:
        raise DatasetError(f"Sketch_{part}.cla has classes that Model.cla has not: {some(unknown)}")
    _report(problems, missing, "training sketches" if part == "Train" else "test sketches")
    return tuple(items)


def _sketch(paths: list[Path] | tuple[()], name: str, part: str) -> Path | None:
    """Choose the picture in the folder of the class; the same number may name a rendered view."""
    other = {"Train": "test", "Test": "train"}[part]
    inside = []
    for path in paths:
        folders = [class_key(folder) for folder in path.parts[-4:-1]]
        if path.suffix.lower() in PICTURES and class_key(name) in folders and other not in folders[-1:]:
            inside.append(path)
    return min(inside, key=lambda path: (len(path.parts), path)) if inside else None


def _report(problems: list[str], missing: list[str], what: str) -> None:
    if missing:
        problems.append(f"{len(missing)} {what} of the lists have no file: {some(missing)}")
