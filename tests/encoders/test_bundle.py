"""The bundle that ships, and what is refused of bundles."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sketchshape.datasets import load_dataset
from sketchshape.encoders import Bundle, default_bundle
from sketchshape.encoders.likeness import COSINE, likeness
from sketchshape.encoders.record import write_record
from sketchshape.encoders.vocabulary import FILE as WORDS
from sketchshape.errors import ArtefactError, UsageError
from sketchshape.images import prepare, prepare_views
from sketchshape.mesh import load_mesh
from sketchshape.render import RENDERER_VERSION, render_views


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return Bundle.open()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The bundle that ships, to be changed; its words would be those of another bundle then."""
    return Path(shutil.copytree(default_bundle(), tmp_path / "bundle", ignore=lambda *_: {WORDS}))


def facts_of(folder: Path) -> dict[str, Any]:
    """What was written into a bundle, without what writing it adds."""
    record = json.loads((folder / "bundle.json").read_text())
    return {name: value for name, value in record.items() if name not in ("format", "kind", "hash", "files")}


def test_the_bundle_that_ships_is_small_and_says_what_it_is(bundle: Bundle) -> None:
    files = {path.name: path for path in default_bundle().iterdir()}
    assert sum(path.stat().st_size for path in files.values()) < 25e6
    card = files["README.md"].read_text(encoding="utf-8")
    assert bundle.hash in card
    for licence in ("CC0 1.0", "Attribution 4.0", "Apache License 2.0"):
        assert licence in card
    assert bundle.renderer == RENDERER_VERSION
    assert bundle.centers.shape == (len(bundle.classes), 399)
    np.testing.assert_allclose(np.linalg.norm(bundle.centers, axis=1), 1, atol=1e-5)
    for path in files.values():
        for trace in (b"site-packages", b"/home/", b"/tmp/", b"/work/"):
            assert trace not in path.read_bytes(), "nothing of the machine that it was made on"


def test_the_same_picture_gives_the_same_vector_in_any_batch(bundle: Bundle) -> None:
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (3, bundle.sketch_size, bundle.sketch_size), dtype=np.uint8)
    together = bundle.embed_sketches(pictures)
    assert together.shape == (3, bundle.width)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(bundle.embed_sketches(pictures[1:2])[0], together[1], atol=1e-5)
    np.testing.assert_allclose(bundle.embed_sketches(pictures[..., ::-1]), together, atol=1e-5)  # flip_test
    assert bundle.embed_sketches(pictures[:0]).shape == (0, bundle.width)


def test_views_count_in_any_order(bundle: Bundle) -> None:
    rng = np.random.default_rng(0)
    views = rng.integers(0, 256, (1, bundle.views.count, bundle.size, bundle.size), dtype=np.uint8)
    np.testing.assert_allclose(bundle.embed_views(views), bundle.embed_views(views[:, ::-1]), atol=1e-5)


def test_a_shape_and_a_drawing_are_near_the_center_of_their_class(bundle: Bundle) -> None:
    sample = load_dataset("folder", "sample")
    label = sample.classes.index("chair")
    shape = next(item for item in sample.shapes if item.label == label)
    views = render_views(load_mesh(shape.path), bundle.views.count, bundle.views.size)
    drawings = [item.read() for item in sample.test if item.label == label]
    vectors = [
        bundle.embed_views(prepare_views(views, bundle.size)[None]),
        bundle.embed_sketches(np.stack([prepare(one, bundle.sketch_size) for one in drawings])),
    ]
    nearest = [(rows @ bundle.centers.T).argmax(1) for rows in vectors]
    assert bundle.classes[nearest[0][0]] == "chair"
    assert np.mean(nearest[1] == bundle.classes.index("chair")) > 0.5


def test_other_pictures_are_refused(bundle: Bundle) -> None:
    with pytest.raises(ValueError, match=r"float64 \(1, 160, 160\), expected uint8 \(n, 112, 112\)"):
        bundle.embed_sketches(np.zeros((1, 160, 160)))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"expected uint8 \(n, 12, 160, 160\)"):
        bundle.embed_views(np.zeros((1, 11, 160, 160), np.uint8))


def test_classes_are_found_in_any_spelling(bundle: Bundle) -> None:
    np.testing.assert_array_equal(bundle.center("Traffic_Light"), bundle.center("traffic light"))
    with pytest.raises(UsageError, match="no class 'chiar'; did you mean 'chair'"):
        bundle.center("chiar")


@pytest.mark.parametrize("name", ["weights.bin", "centers.npy", "sketches.onnx"])
def test_a_changed_file_is_named(copy: Path, name: str) -> None:
    with (copy / name).open("r+b") as file:
        file.seek(-1, 2)
        last = file.read(1)
        file.seek(-1, 2)
        file.write(bytes([last[0] ^ 1]))
    with pytest.raises(ArtefactError, match=f"{name} changed since the export; export it again"):
        Bundle.open(copy)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("format", 99, "format 99, expected 4"),
        ("size", 128, "bundle.json changed since the export"),
        ("preprocessing", 99, "bundle.json changed"),
    ],
)
def test_another_record_is_refused(copy: Path, key: str, value: int, message: str) -> None:
    record = json.loads((copy / "bundle.json").read_text())
    (copy / "bundle.json").write_text(json.dumps({**record, key: value}))
    with pytest.raises(ArtefactError, match=message):
        Bundle.open(copy)


def test_missing_files_are_one_line(copy: Path, tmp_path: Path) -> None:
    (copy / "shapes.onnx").unlink()
    with pytest.raises(ArtefactError, match=r"damaged bundle .*shapes\.onnx"):
        Bundle.open(copy)
    with pytest.raises(UsageError, match=r"no bundle\.json in it"):
        Bundle.open(tmp_path)


def test_the_hash_of_the_bundle_that_ships_is_the_one_it_always_had(bundle: Bundle) -> None:
    assert bundle.hash == "2d39cbdf887c757e8f1eb896b45e0403dcac8e29f2d8f96bb7cc622df3cc5a23"
    assert (bundle.likeness, bundle.row, bundle.numbers) == (COSINE, (399,), 399)


@pytest.mark.parametrize(
    "facts", [{"likeness": "cosine", "row": [399], "width": 399}, {"likeness": "cosine"}]
)
def test_a_cosine_that_is_named_changes_no_hash(copy: Path, bundle: Bundle, facts: dict[str, Any]) -> None:
    assert write_record(copy, {**facts_of(copy), **facts}) == bundle.hash
    found = Bundle.open(copy)
    assert (found.hash, found.likeness, found.row) == (bundle.hash, COSINE, (399,))


def test_another_likeness_is_another_bundle(copy: Path) -> None:
    record = {**facts_of(copy), "lines": None}
    kinds = {"cosine": [399], "euclidean": [399], "nearest_view": [12, 399], "subspace": [2, 399]}
    hashes = [
        write_record(copy, {**record, "likeness": name, "row": row, "width": 399})
        for name, row in kinds.items()
    ]
    hashes.append(write_record(copy, {**record, "likeness": "subspace", "row": [3, 399], "width": 399}))
    assert len(set(hashes)) == 5
    found = Bundle.open(copy)
    assert (found.likeness, found.row) == (likeness("subspace"), (3, 399))
    assert (found.width, found.numbers) == (399, 1197)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (
            {"likeness": "l2"},
            r"damaged bundle \(likeness is 'l2', expected one of: cosine, .*export it again",
        ),
        ({"lines": {"count": 6, "size": 128, "weight": 1.0}}, "has line drawings and the likeness euclidean"),
        (
            {"row": [12, 399]},
            r"a shape is embedded as \(12, 399\), expected for euclidean \(399\), as wide as a",
        ),
        (
            {"row": [256]},
            r"a shape is embedded as \(256,\), expected for euclidean \(399\), as wide as a sketch",
        ),
        (
            {"likeness": "subspace"},
            r"a shape is embedded as \(399,\), expected for subspace \(rows, 399\), as",
        ),
    ],
)
def test_a_likeness_that_does_not_fit_is_refused(copy: Path, facts: dict[str, Any], message: str) -> None:
    record = {**facts_of(copy), "lines": None}
    write_record(copy, {**record, "likeness": "euclidean", "row": [399], "width": 399, **facts})
    with pytest.raises(ArtefactError, match=message):
        Bundle.open(copy)


def test_a_changed_likeness_is_noticed(copy: Path) -> None:
    record = {**facts_of(copy), "lines": None}
    write_record(copy, {**record, "likeness": "nearest_view", "row": [12, 399], "width": 399})
    written = json.loads((copy / "bundle.json").read_text())
    for change in ({"likeness": "subspace"}, {"likeness": "cosine"}, {"row": [2, 399]}, {"width": 256}):
        (copy / "bundle.json").write_text(json.dumps({**written, **change}))
        with pytest.raises(ArtefactError, match=r"bundle\.json changed since the export"):
            Bundle.open(copy)
