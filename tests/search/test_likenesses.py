"""A library under a bundle of each likeness, from mesh files to rankings: indexed, grouped and searched."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")

from onnx_bundles import CLASSES, ROWS, SIDE, WIDTH, centers, directions, onnx_bundle
from search_library import box, library

import sketchshape as ss
from sketchshape.encoders import Bundle
from sketchshape.encoders.likeness import NAMES
from sketchshape.errors import ArtefactError, UsageError
from sketchshape.images import draw_strokes, prepare, prepare_views
from sketchshape.index import build_index
from sketchshape.mesh import load_mesh
from sketchshape.render import render_views
from sketchshape.search import Searcher
from sketchshape.search.words import WEIGHT
from sketchshape.upright.many import Judged

STROKES = [[[0, 100, 100, 0, 0], [0, 0, 60, 60, 0]]]


@pytest.fixture(scope="module", params=NAMES)
def searcher(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    root = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKETCHSHAPE_CACHE", str(root / "cache"))
        folder = library(root / "library")
        box(folder / "chairs/OfficeChair copy.off", (2, 2, 4))
        bundle = Bundle.open(onnx_bundle(root / "bundle", request.param))
        build_index(folder, root / "index", bundle=bundle, up="y", quiet=True, workers=1)
    return Searcher.open(root / "index", bundle)


def projected(pictures: np.ndarray) -> np.ndarray:
    return (255.0 - pictures.reshape(*pictures.shape[:-2], SIDE * SIDE)) @ directions()


def length_one(vector: np.ndarray) -> np.ndarray:
    return vector / math.sqrt((vector**2).sum())


def sketch_of(name: str) -> np.ndarray:
    point = projected(prepare(draw_strokes(STROKES), SIDE))
    return length_one(point) if name in ("cosine", "subspace") else point


def shape_of(name: str, path: Path, up: str = "y") -> np.ndarray:
    """The embedding of a mesh file, in float64: rows of what its likeness takes."""
    rows = projected(prepare_views(render_views(load_mesh(path, up), 4, 32), SIDE))
    if name == "subspace":
        first = length_one(rows[0])
        return np.stack([first, length_one(rows[1] - first * (first @ rows[1]))])
    mean = rows.mean(0)
    return {"cosine": length_one(mean), "euclidean": mean, "nearest_view": rows}[name]


def between(name: str, point: np.ndarray, shape: np.ndarray) -> float:
    return {
        "cosine": lambda: point @ shape,
        "euclidean": lambda: 1 / (1 + math.dist(point, shape)),
        "nearest_view": lambda: 1 / (1 + min(np.abs(point - view).sum() for view in shape)),
        "subspace": lambda: sum((row @ point) ** 2 for row in shape),
    }[name]()


def among(name: str, one: np.ndarray, other: np.ndarray) -> float:
    if name == "nearest_view":
        return max(between(name, view, other) for view in one)
    if name == "subspace":
        return float(np.mean([between(name, row, other) for row in one]))
    return between(name, one, other)


def check(ranking: ss.Ranking, expected: dict[Path, float]) -> None:
    """The scores are those that are expected, and nothing is missing."""
    assert set(ranking.paths) == set(expected)
    np.testing.assert_allclose(ranking.scores, [expected[path] for path in ranking.paths], atol=2e-5)
    np.testing.assert_allclose(ranking.scores, sorted(expected.values(), reverse=True), atol=2e-5)


@pytest.fixture
def name(searcher: Searcher) -> str:
    return searcher.bundle.likeness.name


@pytest.fixture
def shapes(searcher: Searcher, name: str) -> dict[Path, np.ndarray]:
    return {entry.path: shape_of(name, entry.path) for entry in searcher.catalogue.entries()}


def test_the_encoders_give_what_their_record_says(searcher: Searcher, name: str) -> None:
    bundle = searcher.bundle
    views = np.random.default_rng(0).integers(0, 256, (3, 4, SIDE, SIDE), dtype=np.uint8)
    assert bundle.row == tuple(ROWS[name])
    assert bundle.embed_views(views).shape == (3, *bundle.row)
    assert bundle.embed_views(views[:0]).shape == (0, *bundle.row)
    assert bundle.embed_shape(views[0]).shape == bundle.row
    assert bundle.embed_sketches(views[0]).shape == (4, WIDTH)
    assert searcher._vectors.shape == (7, bundle.numbers)


def test_a_sketch_ranks_by_its_likeness(
    searcher: Searcher, name: str, shapes: dict[Path, np.ndarray]
) -> None:
    point = sketch_of(name)
    expected = {path: between(name, point, shape) for path, shape in shapes.items()}
    ranking = searcher.search(STROKES, 99)
    check(ranking, expected)
    curve = 1 / (1 + math.exp(-5 * (max(expected.values()) - 0.5)))
    assert ranking.confidence == pytest.approx(curve, abs=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_of_several_ways_the_best_counts(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def torn(paths, **_):
        scores = tuple(np.log([0.5, 0.01, 0.46, 0.01, 0.01, 0.01]).tolist())
        yield from ((number, Judged(scores, ())) for number in range(len(paths)))

    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("sketchshape.index.standing.judge_files", torn)
    bundle = Bundle.open(onnx_bundle(tmp_path / "bundle", name))
    build_index(library(tmp_path / "library"), tmp_path / "index", bundle=bundle, quiet=True, workers=1)
    searcher = Searcher.open(tmp_path / "index", bundle)
    shapes = {one.path: [shape_of(name, one.path, up) for up in "yx"] for one in searcher.catalogue.entries()}
    assert searcher._vectors.shape == (12, bundle.numbers)
    for ranking, point in (
        (searcher.search(STROKES, 99), sketch_of(name)),
        (searcher.by_class("box", 99), centers()[0]),
    ):
        each = {path: [between(name, point, one) for one in both] for path, both in shapes.items()}
        check(ranking, {path: max(scores) for path, scores in each.items()})
        assert ranking.ups == tuple("yx"[int(np.argmax(each[path]))] for path in ranking.paths)
    own = shapes.pop(searcher.catalogue.get(1).path)
    alike = {path: max(among(name, a, b) for a in own for b in both) for path, both in shapes.items()}
    check(searcher.like(1, 99), alike)


def test_words_add_to_the_likeness(searcher: Searcher) -> None:
    plain = dict(zip(*(lambda r: (r.ids, r.scores))(searcher.search(STROKES, 99)), strict=True))
    ranking = searcher.search(STROKES, 99, words="oak")
    for path, id, score in zip(ranking.paths, ranking.ids, ranking.scores, strict=True):
        assert score == pytest.approx(plain[id] + (WEIGHT if path.stem == "oak" else 0), abs=1e-6)


def test_more_like_a_shape(searcher: Searcher, name: str, shapes: dict[Path, np.ndarray]) -> None:
    for entry in searcher.catalogue.entries():
        rest = {path: among(name, shapes[entry.path], shape) for path, shape in shapes.items()}
        del rest[entry.path]
        check(searcher.like(entry.id, 99), rest)
    copy = next(entry for entry in searcher.catalogue.entries() if "copy" in entry.path.stem)
    best = searcher.like(copy.id, 1)
    assert [path.stem for path in best.paths] == ["OfficeChair"]
    assert best.scores[0] == pytest.approx(1, abs=1e-3)


def test_a_class_stands_for_a_sketch(searcher: Searcher, name: str, shapes: dict[Path, np.ndarray]) -> None:
    for label, center in zip(CLASSES, centers(), strict=True):
        check(
            searcher.by_class(label, 99), {path: between(name, center, one) for path, one in shapes.items()}
        )
    with pytest.raises(UsageError, match="no class 'bx'; did you mean 'box'"):
        searcher.by_class("bx")


def test_copies_are_one_group_and_unique_shows_one_of_them(searcher: Searcher) -> None:
    groups = {entry.path.stem: entry.group for entry in searcher.catalogue.entries()}
    assert groups["OfficeChair"] == groups["OfficeChair copy"]
    assert len(set(groups.values())) == 6
    everything, unique = searcher.search(STROKES, 99), searcher.search(STROKES, 99, unique=True)
    seen: dict[int, int] = {}
    for id, path in zip(everything.ids, everything.paths, strict=True):
        seen.setdefault(groups[path.stem], id)
    assert list(unique.ids) == list(seen.values())


def test_the_map_lays_out_the_rows(searcher: Searcher, shapes: dict[Path, np.ndarray]) -> None:
    flat = np.stack([one.ravel() for one in shapes.values()])
    centred = flat - flat.mean(0)
    plane = centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T
    found = searcher.library_map()
    for axis in range(2):
        assert abs(np.corrcoef(plane[:, axis], found[:, axis])[0, 1]) > 0.999


def test_an_index_of_another_likeness_is_refused(searcher: Searcher, name: str, tmp_path: Path) -> None:
    other = Bundle.open(onnx_bundle(tmp_path / "b", NAMES[NAMES.index(name) - 1]))
    with pytest.raises(ArtefactError, match="their vectors do not compare"):
        Searcher.open(searcher.catalogue.path.parent, other)
