"""Searching: exact, filtered, by sketch, shape, class and words."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from search_library import WIDTH, box, library, projection

import sketchshape as ss
from sketchshape.encoders.confidence import Confidence
from sketchshape.errors import SketchError, UsageError
from sketchshape.images import draw_strokes, prepare
from sketchshape.index import build_index
from sketchshape.index.library import tokens
from sketchshape.search import Searcher
from sketchshape.search.library_map import principal_plane
from sketchshape.search.words import WEIGHT

STROKES = [[[0, 100, 100, 0, 0], [0, 0, 60, 60, 0]]]


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    root = tmp_path_factory.mktemp("search")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKETCHSHAPE_CACHE", str(root / "cache"))
        folder = library(root / "library")
        box(folder / "chairs/OfficeChair copy.off", (2, 2, 4))
        build_index(folder, root / "index", bundle=projection(), up="y", quiet=True)
    return Searcher.open(root / "index", projection())


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """As one would write it down."""
    dot = sum(float(x) * float(y) for x, y in zip(a, b, strict=True))
    return dot / math.sqrt(sum(float(x) ** 2 for x in a)) / math.sqrt(sum(float(y) ** 2 for y in b))


def names(ranking: ss.Ranking) -> list[str]:
    return [path.stem for path in ranking.paths]


def test_scores_are_the_cosines_and_fall(searcher: Searcher) -> None:
    ranking = searcher.search(STROKES, 99)
    query = searcher.bundle.embed_sketches(prepare(draw_strokes(STROKES), searcher.bundle.sketch_size)[None])[
        0
    ]
    vectors = dict(zip(searcher.ids.tolist(), searcher._vectors[searcher._rows], strict=True))
    expected = sorted(((cosine(query, vector), -id) for id, vector in vectors.items()), reverse=True)
    assert len(ranking) == len(searcher) == 7
    np.testing.assert_allclose(ranking.scores, [score for score, _ in expected], atol=1e-6)
    assert [searcher.catalogue.get(id).path for id in ranking.ids] == list(ranking.paths)
    assert (np.diff(ranking.scores) <= 0).all()
    assert ranking.scores.dtype == np.float32


@pytest.fixture(scope="module")
def knowing(searcher: Searcher) -> Searcher:
    """The same library, and a bundle that says how sure it is."""
    return Searcher(searcher.catalogue, replace(searcher.bundle, confidence=Confidence(7.0, 0.8)))


@pytest.mark.parametrize(
    "filters", [{}, {"folder": "tables"}, {"folder": "old"}, {"unique": True}, {"formats": ["off"]}]
)
def test_the_confidence_is_that_of_the_best_cosine_alone(knowing: Searcher, filters: dict[str, Any]) -> None:
    query = knowing.bundle.embed_sketches(prepare(draw_strokes(STROKES), knowing.bundle.sketch_size)[None])[0]
    everything = knowing.search(STROKES, 99, **filters)
    places = [knowing.ids.tolist().index(id) for id in everything.ids]
    best = max(cosine(query, knowing._vectors[knowing._rows[place]]) for place in places)
    expected = 1 / (1 + math.exp(-7.0 * (best - 0.8)))
    assert everything.confidence == pytest.approx(expected, abs=1e-5)
    for k, words in ((1, ""), (99, "oak"), (1, "chair stool"), (99, "zebra")):
        ranking = knowing.search(STROKES, k, words=words, **filters)
        assert ranking.confidence == everything.confidence, "neither words nor k make a drawing clearer"


def test_filters_can_only_take_confidence_away(knowing: Searcher) -> None:
    whole = knowing.search(STROKES).confidence
    assert whole is not None
    parts = [knowing.search(STROKES, folder=folder).confidence for folder in ("chairs", "tables", "old")]
    assert all(part is not None and part <= whole for part in parts)
    assert min(part for part in parts if part is not None) < whole


def test_there_is_no_confidence_without_a_drawing_a_curve_or_a_result(
    searcher: Searcher, knowing: Searcher
) -> None:
    assert searcher.search(STROKES).confidence is None
    assert knowing.search(None, words="chair").confidence is None
    assert knowing.by_class("box").confidence is None
    assert knowing.like(1).confidence is None
    nothing = knowing.search(STROKES, formats=["glb"])
    assert (len(nothing), nothing.confidence) == (0, None)


def test_fewer_results_are_the_first_of_more(searcher: Searcher) -> None:
    everything = searcher.search(STROKES, 99)
    for k in range(1, 8):
        some = searcher.search(STROKES, k)
        assert some.ids == everything.ids[:k]
        np.testing.assert_array_equal(some.scores, everything.scores[:k])
    with pytest.raises(UsageError, match="k is 0"):
        searcher.search(STROKES, 0)


def test_a_picture_a_file_and_strokes_find_the_same(searcher: Searcher, tmp_path: Path) -> None:
    gray = draw_strokes(STROKES)
    Image.fromarray(gray).save(tmp_path / "a.png")
    (tmp_path / "a.json").write_text(json.dumps({"drawing": STROKES}))
    expected = searcher.search(gray)
    for sketch in (STROKES, tmp_path / "a.png", str(tmp_path / "a.json")):
        found = searcher.search(sketch)
        assert found.ids == expected.ids
        np.testing.assert_array_equal(found.scores, expected.scores)


@pytest.mark.parametrize(
    "blank", [np.full((64, 64), 255, np.uint8), [], [[[], []]], [[[5], [5]]], [[[5, 5], [5, 5]]]]
)
def test_a_blank_drawing_is_refused_kindly(searcher: Searcher, blank) -> None:
    with pytest.raises(SketchError, match="nothing is drawn yet; draw a few lines"):
        searcher.search(blank)


def test_what_is_no_picture_is_refused(searcher: Searcher, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a picture"):
        searcher.search(np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(SketchError, match="cannot be read"):
        searcher.search(tmp_path / "absent.png")
    with pytest.raises(UsageError, match="nothing to search for"):
        searcher.search(None)


def test_more_like_a_shape_leaves_itself_out(searcher: Searcher) -> None:
    first = searcher.catalogue.find(searcher.catalogue.get(1).path)
    assert first == 1
    copy = next(entry for entry in searcher.catalogue.entries() if "copy" in entry.path.stem)
    original = next(entry for entry in searcher.catalogue.entries() if entry.path.stem == "OfficeChair")
    ranking = searcher.like(copy.id)
    assert copy.id not in ranking.ids
    assert ranking.ids[0] == original.id
    assert ranking.scores[0] == pytest.approx(1, abs=1e-5)
    assert len(ranking) == 6
    with pytest.raises(UsageError, match="no shape 99"):
        searcher.like(99)


def test_by_class_asks_for_its_center(searcher: Searcher) -> None:
    ranking = searcher.by_class("Long_Table", 7)
    center = np.eye(2, WIDTH)[1]
    for id, score in zip(ranking.ids, ranking.scores, strict=True):
        place = searcher.ids.tolist().index(id)
        assert score == pytest.approx(cosine(center, searcher._vectors[searcher._rows[place]]), abs=1e-6)
    with pytest.raises(UsageError, match="no class 'long tabel'; did you mean 'long table'"):
        searcher.by_class("long tabel")


def test_words_lift_the_shapes_that_have_them(searcher: Searcher) -> None:
    plain = dict(zip(*(lambda r: (r.ids, r.scores))(searcher.search(STROKES, 99)), strict=True))
    ranking = searcher.search(STROKES, 99, words="chair Office")
    gains = {
        name: score - plain[id]
        for name, id, score in zip(names(ranking), ranking.ids, ranking.scores, strict=True)
    }
    assert gains["OfficeChair"] == pytest.approx(WEIGHT)
    assert gains["OfficeChair copy"] == pytest.approx(WEIGHT)
    assert gains["stool_2"] == pytest.approx(WEIGHT / 2), "its folder is chairs, which begins with chair"
    assert gains["oak"] == gains["a"] == 0


def test_words_alone_find_only_what_has_one(searcher: Searcher) -> None:
    assert set(names(searcher.search(None, words="table"))) == {"low", "oak"}
    assert names(searcher.search(None, words="oak old")) == ["oak"]
    assert len(searcher.search(None, words="zebra")) == 0


def test_words_are_cut_from_names() -> None:
    assert tokens("Bed_DoubleA-2") == ("bed", "double", "a", "2")
    assert tokens("HTMLChair3b") == ("html", "chair", "3", "b")
    assert tokens("größe ÄrmelStuhl") == ("grösse", "ärmel", "stuhl")
    assert tokens("椅子_01") == ("椅子", "01")


def test_filters_leave_only_what_they_say(searcher: Searcher) -> None:
    root = searcher.catalogue.get(1).path
    while root.name != "library":
        root = root.parent
    everything = searcher.search(STROKES, 99)

    def kept(**filters) -> set[str]:
        ranking = searcher.search(STROKES, 99, **filters)
        assert [id for id in everything.ids if id in ranking.ids] == list(ranking.ids), "the order stays"
        return set(names(ranking))

    assert kept(folder=root / "tables") == kept(folder="TABLES") == {"low", "oak"}
    assert kept(folder=root) == kept() == kept(formats=["off"]) == kept(formats=(".OFF", "glb"))
    assert kept(folder=str(root)[:-1]) == set(), "part of a name is no folder"
    assert kept(folder="old") == {"oak"}
    assert kept(formats=["glb"]) == set()
    assert kept(faces=(12, 12)) == kept(faces=(None, 12)) == kept()
    assert kept(faces=(13, None)) == set()


def test_unique_shows_the_best_of_each_group(searcher: Searcher) -> None:
    everything = searcher.search(STROKES, 99)
    unique = searcher.search(STROKES, 99, unique=True)
    groups = [searcher.catalogue.get(id).group for id in everything.ids]
    assert list(unique.ids) == [id for n, id in enumerate(everything.ids) if groups[n] not in groups[:n]]
    assert len(unique) < len(everything)


def test_the_map_has_a_place_for_each_shape(searcher: Searcher) -> None:
    places = searcher.library_map()
    assert places.shape == (len(searcher), 2)
    assert places.min() == 0
    assert places.max() == 1


def test_the_map_shows_the_plane_in_which_points_lie() -> None:
    rng = np.random.default_rng(0)
    flat = rng.uniform(size=(50, 2)) * (3, 1)
    axes = np.linalg.qr(rng.normal(size=(5, 5)))[0][:2]
    found = principal_plane((flat @ axes + 4).astype(np.float32)) * (3, 1)
    distances = [np.linalg.norm(points[:, None] - points[None], axis=2) for points in (flat, found)]
    assert np.corrcoef(distances[0].ravel(), distances[1].ravel())[0, 1] > 0.99
    np.testing.assert_array_equal(principal_plane(np.ones((3, 4), np.float32)), np.full((3, 2), 0.5))
    assert principal_plane(np.ones((0, 4), np.float32)).shape == (0, 2)
