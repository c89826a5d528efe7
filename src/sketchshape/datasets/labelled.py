"""Folders whose sub-folders are classes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, TypeVar, overload

from sketchshape.datasets.items import STROKES, ShapeItem, SketchItem
from sketchshape.datasets.shape_files import Failed, all_files
from sketchshape.datasets.walk import class_key, files_under, hidden, some, suffixes
from sketchshape.errors import DatasetError, UsageError
from sketchshape.images.ink import SUFFIXES as PICTURES
from sketchshape.mesh import FORMATS
from sketchshape.zips import is_archive, is_folder, names

COMPANIONS = (".mtl", ".bin", *PICTURES)  # what mesh files refer to

Item = TypeVar("Item", ShapeItem, SketchItem)


@dataclass(frozen=True)
class Found(Generic[Item]):
    """Items with the names of their classes; their labels number the classes of this folder by name."""

    items: list[tuple[str, Item]]
    problems: list[str]


@overload
def read_labelled_folder(root: str | Path, kind: Literal["shapes"]) -> list[tuple[str, ShapeItem]]: ...
@overload
def read_labelled_folder(root: str | Path, kind: Literal["sketches"]) -> list[tuple[str, SketchItem]]: ...
def read_labelled_folder(
    root: str | Path, kind: str
) -> list[tuple[str, ShapeItem]] | list[tuple[str, SketchItem]]:
    """Read the shapes or sketches of a folder whose sub-folders are classes.

    Args:
        root: holds <class>/** with meshes, or with pictures and strokes; <class>.ndjson are sketches too.
            For shapes a zip archive is a folder: `root`, that of a class, and below.
        kind: "shapes" or "sketches".

    Returns:
        Class name and item, sorted; the labels number the class names of this folder, sorted.

    Raises:
        UsageError: `kind` is neither, or `root` is no folder.
        DatasetError: nothing of that kind is in it.
    """
    root = Path(root)
    if kind not in ("shapes", "sketches"):
        raise UsageError(f"kind is {kind!r}, expected shapes or sketches")
    if not (root.is_dir() or (kind == "shapes" and is_folder(root))):
        raise UsageError(f"{root} is not a folder; give one with a sub-folder for each class")
    found = find_shapes(root) if kind == "shapes" else find_sketches(root, root)
    if not found.items:
        kinds = FORMATS if kind == "shapes" else (*PICTURES, *STROKES)
        raise DatasetError(f"{root} has no {kind}; expected <class>/* with files of {', '.join(kinds)}")
    return found.items


def find_shapes(root: Path) -> Found[ShapeItem]:
    """Find the mesh files of each class folder; zip archives are folders.

    Args:
        root: holds <class>/** or <class>.zip.

    Returns:
        Shapes whose ids are paths under `root`; files of other kinds, and archives that cannot be read, are
        named in the problems.
    """
    items: list[tuple[str, ShapeItem]] = []
    ignored, closed = [], list[str]()
    labels = _Labels()

    def fail(path: Path, reason: str) -> None:
        closed.append(f"{path.relative_to(root.parent).as_posix()}: {reason}")

    for name, path in _class_shapes(root, fail):
        if path.suffix.lower() in FORMATS:
            items.append((name, ShapeItem(path.relative_to(root).as_posix(), labels[name], path)))
        elif path.suffix.lower() not in COMPANIONS:
            ignored.append(path)
    return Found(items, [*_ignored(root, ignored), *closed])


def find_sketches(root: Path, base: Path) -> Found[SketchItem]:
    """Find the pictures and strokes of each class.

    Args:
        root: holds <class>/** and <class>.ndjson.
        base: ids are paths under it.

    Returns:
        Sketches, one for each line of an .ndjson file; lines that are no JSON are named in the problems.
    """
    items: list[tuple[str, SketchItem]] = []
    ignored, bad = [], []
    labels = _Labels()
    loose = (
        (path.stem, path) for path in _visible(root) if path.is_file() and path.suffix.lower() == ".ndjson"
    )
    for name, path in sorted([*_class_files(root), *loose]):
        kind, id = path.suffix.lower(), path.relative_to(base).as_posix()
        if kind == ".ndjson":
            lines, wrong = _drawings(path)
            items += [(name, SketchItem(f"{id}#{key}", labels[name], path, line)) for line, key in lines]
            bad += [f"{id}, line {line}" for line in wrong]
        elif kind in PICTURES or kind in STROKES:
            items.append((name, SketchItem(id, labels[name], path)))
        else:
            ignored.append(path)
    problems = _ignored(root, ignored)
    if bad:
        problems.append(f"{len(bad)} lines hold no JSON object with a drawing: : {some(bad)}")
    return Found(items, problems)


def check_common(queries: Iterable[str], shapes: Iterable[str]) -> None:
    """Demand that some query has a shape of its class.

    Args:
        queries: class names of the queries, in the form of `class_key`.
        shapes: class names of the shapes, likewise.

    Raises:
        DatasetError: none has.
    """
    asked, there = sorted(set(queries)), sorted(set(shapes))
    if not set(asked) & set(there):
        raise DatasetError(
            f"no query has a shape of its class: queries are of {some(asked)}, shapes of {some(there)}; "
            "name the class folders alike"
        )


class _Labels(dict[str, int]):
    """Numbers for class names, the same for two spellings of one."""

    def __missing__(self, name: str) -> int:
        key = class_key(name)
        self[name] = self[key] if key != name else len({*self.values()})
        return self[name]


def _visible(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if not hidden(path.name))


def _class_files(root: Path) -> Iterator[tuple[str, Path]]:
    for folder in _visible(root):
        if folder.is_dir():
            yield from ((folder.name, path) for path in files_under(folder))


def _class_shapes(root: Path, failed: Failed) -> Iterator[tuple[str, Path]]:
    for folder in sorted(root / name for name in names(root) if not hidden(name)):
        if is_folder(folder):
            name = folder.stem if is_archive(folder) else folder.name
            yield from ((name, path) for path in all_files(folder, failed))


def _drawings(path: Path) -> tuple[list[tuple[int, str]], list[int]]:
    """Give the line and the key of each drawing, and the lines that are none."""
    good: dict[str, int] = {}
    bad = []
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
                key = str(value.get("key_id") or number) if isinstance(value["drawing"], list) else ""
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                key = ""
            if key:
                good[f"{key}@{number}" if key in good else key] = number
            else:
                bad.append(number)
    return [(number, key) for key, number in good.items()], bad


def _ignored(root: Path, paths: Iterable[Path]) -> list[str]:
    paths = list(paths)
    return (
        [f"{len(paths)} files of other kinds under {root.name} are ignored: {suffixes(paths)}"]
        if paths
        else []
    )
