"""The bundled sample: what is in it, whose it is, and that all of it can be used."""

import csv
import json
import os
import subprocess
import sys
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from sketchshape.datasets import Dataset, load_dataset, sample_root
from sketchshape.images import prepare
from sketchshape.mesh import load_mesh

ROOT = sample_root()
CHOICE = Path(__file__).parents[2] / "scripts/data/sample.txt"


@pytest.fixture(scope="module")
def sample() -> Dataset:
    return load_dataset("folder", "sample")


@pytest.fixture(scope="module")
def manifest() -> list[dict[str, str]]:
    with (ROOT / "manifest.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_sizes(sample: Dataset) -> None:
    assert sample.problems == ()
    summary = sample.summary()
    assert {key: summary[key] for key in ("classes", "shapes", "train", "test")} == {
        "classes": 26,
        "shapes": 175,
        "train": 369,
        "test": 204,
    }
    assert summary["shapes_classes"] == summary["train_classes"] == summary["test_classes"] == 26
    assert summary["shapes_per_class"][0] >= 5
    assert summary["train_per_class"][0] >= 8
    assert summary["test_per_class"][0] >= 5
    assert sum(path.stat().st_size for path in ROOT.rglob("*") if path.is_file()) < 4_000_000


def test_every_file_has_an_author_and_a_licence(manifest: list[dict[str, str]]) -> None:
    files = {path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if path.is_file()}
    assert Counter(row["file"] for row in manifest) == Counter(files - {"README.md", "manifest.csv"})
    for row in manifest:
        assert list(row) == ["class", "file", "author", "pack", "licence"]
        assert all(row.values())
        shape = row["file"].startswith("shapes/")
        assert row["licence"] == ("CC0-1.0" if shape else "CC-BY-4.0")
        name = row["class"].replace(" ", "_")
        assert name in (Path(row["file"]).parent.name, Path(row["file"]).stem)


def test_the_readme_attributes(manifest: list[dict[str, str]]) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for author in {row["author"] for row in manifest if row["file"].startswith("shapes/")}:
        assert author in text
    for needed in ("CC0 1.0", "Quick, Draw!", "Google", "creativecommons.org/licenses/by/4.0", "Changed"):
        assert needed in text


def test_drawings_are_recognised_small_and_apart() -> None:
    keys: dict[str, set[str]] = {"train": set(), "test": set()}
    for path in sorted(ROOT.glob("sketches/*/*.ndjson")):
        for line in path.read_text(encoding="utf-8").splitlines():
            one = json.loads(line)
            assert list(one) == ["word", "key_id", "recognized", "drawing"]
            assert one["recognized"] is True
            assert one["word"] == path.stem.replace("_", " ")
            assert all(isinstance(value, int) for xs, ys in one["drawing"] for value in (*xs, *ys))
            assert one["key_id"] not in keys["train"] | keys["test"]
            keys[path.parent.name].add(one["key_id"])
    assert (len(keys["train"]), len(keys["test"])) == (369, 204)
    if not CHOICE.is_file():
        pytest.skip("the script that made the sample is not part of an installed package")
    choice = [line.split(maxsplit=1) for line in CHOICE.read_text().splitlines() if line and line[0] != "#"]
    kinds: dict[str, set[str]] = {
        kind: {value for name, value in choice if name == kind} for kind, _ in choice
    }
    assert not kinds["leave"] & (keys["train"] | keys["test"])
    assert not kinds["test"] & keys["train"], (
        "a network trained on the sample has seen test sketches of psb76"
    )
    assert len(kinds["shape"]) == 175
    assert kinds["test"] & keys["test"]


def test_every_sketch_can_be_drawn(sample: Dataset) -> None:
    seen: dict[bytes, str] = {}
    for item in (*sample.train, *sample.test):
        gray = item.read()
        assert gray.shape == (256, 256)
        ink = float((255.0 - gray).mean()) / 255
        assert 0.005 < ink < 0.3, item.id
        small = prepare(gray, 64).tobytes()
        assert small not in seen, f"{item.id} is {seen.get(small)}"
        seen[small] = item.id


def outline(item_path: Path) -> np.ndarray:
    """Corners in a unit box, 24 cells a side: the same for a moved, scaled or recoloured copy."""
    points = load_mesh(item_path).vertices
    low, high = points.min(0), points.max(0)
    cells = np.rint((points - low) / (high - low).max() * 24).astype(int)
    return np.unique(cells, axis=0)


def test_every_shape_can_be_read_and_none_is_there_twice(sample: Dataset) -> None:
    outlines: dict[int, list[tuple[str, set[tuple[int, ...]]]]] = {}
    for item in sample.shapes:
        mesh = load_mesh(item.path)
        assert len(mesh.faces) >= 30, item.id
        assert (np.ptp(mesh.vertices, axis=0) > 0).all(), (
            f"{item.id} is flat: seen from the edge it is nothing"
        )
        cells = {tuple(cell) for cell in outline(item.path).tolist()}
        outlines.setdefault(item.label, []).append((item.id, cells))
    for shapes in outlines.values():
        for (one, a), (other, b) in combinations(shapes, 2):
            assert len(a & b) / len(a | b) < 0.75, f"{one} and {other} are one shape"


def test_the_script_makes_these_bytes_again(tmp_path: Path) -> None:
    chosen = os.environ.get("SKETCHSHAPE_SHARED")
    sources = (Path(chosen) if chosen else CHOICE.parents[3] / "shared") / "data"
    if not CHOICE.is_file() or not (sources / "cc0" / "manifest.csv").is_file():
        pytest.skip("the sources of the sample are not on this machine (SKETCHSHAPE_SHARED)")
    options = ["--cc0", sources / "cc0", "--quickdraw", sources / "quickdraw", "--out", tmp_path]
    subprocess.run([sys.executable, CHOICE.with_name("make_sample.py"), *options], check=True)
    made, kept = (
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (tmp_path, ROOT)
    )
    assert made == kept
