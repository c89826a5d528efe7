"""What the bundle that ships learns from, laid out: drawings of all words, and shapes."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tuberlin_drawings
from bundle_shapes import Shape, classes_of, draw_shapes, shapes_of
from bundle_words import Words

from sketchshape.datasets import sample_root
from sketchshape.files import digest

KEYS = Path(__file__).parents[2] / "configs/keys"
NEVER = "shrec13-test-sketches.txt"
"""Drawings that are not even measured with here."""
LEFT_OUT = "bundle-left-out.txt"
"""These, and what the bundle is measured with: neither backbone nor heads learn from any of them."""
KNOWN = "known"  # folder of all drawings by word
TO_CHOOSE = "data-to-choose"
MOST = 1000  # drawings of the game of one word for the heads


@dataclass(frozen=True)
class Sources:
    """Where everything is.

    Args:
        shapes: folders of collections of shapes by name, each with manifest.csv.
        quickdraw: folder of <word>.ndjson.
        tuberlin: folder of <class>/<number>.png.
    """

    shapes: dict[str, Path]
    quickdraw: Path
    tuberlin: Path

    def words(self) -> Words:
        """Join the names of all sources."""
        game = [path.stem for path in sorted(self.quickdraw.glob("*.ndjson"))]
        careful = sorted(path.name for path in self.tuberlin.iterdir() if path.is_dir())
        return Words([*game, *careful, *(name for one in self.shapes.values() for name in classes_of(one))])


@dataclass(frozen=True)
class Drawing:
    """A drawing with its word.

    Args:
        word: what it shows.
        key: by which it is known.
        line: of an .ndjson file.
        careful: whether it is of TU-Berlin and not of the game.
    """

    word: str
    key: str
    line: str
    careful: bool

    @property
    def part(self) -> str:
        """Which part it is of: train, test, or none at all."""
        if self.key in keys(NEVER):
            return ""
        return "test" if self.key in keys(LEFT_OUT) else "train"


def drawings(sources: Sources, traced: Path) -> list[Drawing]:
    """Read the drawings of both sources; those of TU-Berlin are traced first, once.

    Args:
        sources: where they are.
        traced: folder for the traced ones.
    """
    words = sources.words()
    once(traced, lambda folder: tuberlin_drawings.write(sources.tuberlin, folder))
    return [
        Drawing(words.of(path.stem), row["key_id"], line, careful)
        for folder, careful in ((sources.quickdraw, False), (traced, True))
        for path in sorted(folder.glob("*.ndjson"))
        for row, line in recognised(path)
    ]


def write_words(drawn: Iterable[Drawing], shapes: list[Shape], out: Path) -> None:
    """Lay out what the backbone learns from: every drawing that may be, and the shapes drawn in lines."""
    lines: dict[str, list[str]] = defaultdict(list)
    for one in drawn:
        if one.part == "train":
            lines[one.word].append(one.line)
    for word, line in draw_shapes([shape for shape in shapes if not shape.choosing]):
        lines[word].append(line)
    _write(lines, out)


def write_data(drawn: Iterable[Drawing], shapes: list[Shape], out: Path, *, choosing: bool) -> None:
    """Lay out what the heads learn from and are measured with, in the layout `folder`.

    Args:
        drawn: all drawings.
        shapes: all shapes.
        out: the folder.
        choosing: put the shapes of the packs that are chosen with into out/choose/shapes, and the test
            drawings of their words beside them, careful and quick ones apart.
    """
    for shape in shapes:
        shape.put(out / ("choose/shapes" if choosing and shape.choosing else "shapes"))
    parts: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for one in sorted(drawn, key=lambda one: digest("order", one.key)):
        lines = parts[f"sketches/{one.part}"][one.word]
        if not one.part or (one.part == "train" and not one.careful and len(lines) >= MOST):
            continue
        lines.append(one.line)
        if choosing and one.part == "test" and (out / "choose/shapes" / one.word).is_dir():
            parts["choose/careful" if one.careful else "choose/quick"][one.word].append(one.line)
    for part, found in parts.items():
        _write(found, out / part)


def write_known(drawn: Iterable[Drawing], out: Path) -> None:
    """Lay out all drawings by word, but those that are of no part."""
    lines: dict[str, list[str]] = defaultdict(list)
    for one in drawn:
        if one.part:
            lines[one.word].append(one.line)
    _write(lines, out)


def load(sources: Sources, work: Path, *, choosing: bool = False) -> tuple[Path, Path, list[Shape]]:
    """Lay out everything that is not there yet.

    Args:
        sources: where everything is.
        work: folder that it lands in.
        choosing: as for `write_data`.

    Returns:
        Folder of the words for the backbone, of the data for the heads, and the shapes.
    """
    shapes, drawn = shapes_of(sources.shapes, sources.words()), drawings(sources, work / "tuberlin")
    words, data = work / "words", work / (TO_CHOOSE if choosing else "data")
    once(words, lambda folder: write_words(drawn, shapes, folder))
    once(work / KNOWN, lambda folder: write_known(drawn, folder))
    once(data, lambda folder: write_data(drawn, shapes, folder, choosing=choosing))
    return words, data, shapes


def once(folder: Path, make: Callable[[Path], object]) -> None:
    """Make a folder if it is not there; half of one is never taken for it."""
    if folder.is_dir():
        return
    half = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    make(half)
    half.rename(folder)


def recognised(path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """Give the drawings of a file that the game recognised, each with its line."""
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["recognized"]:
            yield row, line


def sample_keys() -> set[str]:
    """Name the test drawings of the bundled sample."""
    paths = (sample_root() / "sketches/test").glob("*.ndjson")
    return {row["key_id"] for path in paths for row, _ in recognised(path)}


_KEYS: dict[str, frozenset[str]] = {}


def keys(name: str) -> frozenset[str]:
    """Read a list of keys of drawings."""
    if name not in _KEYS:
        lines = (KEYS / name).read_text(encoding="utf-8").splitlines()
        _KEYS[name] = frozenset(line for line in lines if line and not line.startswith("#"))
    return _KEYS[name]


def _write(lines: dict[str, list[str]], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for word, found in lines.items():
        if found:
            (folder / f"{word}.ndjson").write_text("\n".join(found) + "\n", encoding="utf-8")
