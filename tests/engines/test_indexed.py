"""An index whose vectors an engine holds: it follows the library, and finds what comparing with all finds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engine_places import engines
from search_library import box, later, projection

import sketchshape as ss
from sketchshape.cli.main import main
from sketchshape.encoders.bundle import Bundle
from sketchshape.engines import ENGINES
from sketchshape.errors import ArtefactError, MissingExtraError, UsageError
from sketchshape.index import Catalogue, build_index, turn_shape
from sketchshape.search import Searcher, nearest

STROKES = [[[0, 100, 100, 0, 0], [0, 0, 60, 60, 0]]]
OTHERS = tuple(name for name in ENGINES if name != "exact")


class Library:
    """Boxes in two folders, with an index that an engine holds."""

    def __init__(self, root: Path, engine: str, url: str) -> None:
        self.folder, self.index, self.engine, self.url = root / "library", root / "index", engine, url
        for number in range(12):
            box(self.folder / f"{'ab'[number % 2]}/box{number}.off", (1, 1 + 0.3 * number, 2))

    def bring(self, **options: Any) -> None:
        own = {"engine": self.engine, "engine_url": self.url}
        options = {"bundle": projection(), "quiet": True, "workers": 1, **own, **options}
        build_index(self.folder, self.index, **options)

    def open(self, engine: str | None = None) -> Searcher:
        return Searcher.open(self.index, projection(), engine=engine)


@pytest.fixture(params=engines(OTHERS))
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def library(engine: str, engine_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path / "cache"))
    made = Library(tmp_path, engine, engine_url)
    try:
        made.bring(up="y")
    except MissingExtraError as error:
        pytest.skip(str(error))
    return made


@pytest.fixture(autouse=True)
def even_a_few_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "FEW", 0)


def assert_as_exact(library: Library) -> None:
    """All searches find the same as those that compare with all shapes."""
    engine, exact = library.open(), library.open("exact")
    assert (engine.held.engine, exact.held.engine) == (library.engine, "exact")
    first = int(exact.ids[0])
    for k in (1, 3, 99):
        for filters in ({}, {"folder": "a"}, {"formats": ["off"]}, {"faces": (0, 5)}, {"unique": True}):
            same(engine.search(STROKES, k, **filters), exact.search(STROKES, k, **filters))
            same(engine.like(first, k, **filters), exact.like(first, k, **filters))
            same(engine.by_class("box", k, **filters), exact.by_class("box", k, **filters))
        same(engine.search(STROKES, k, words="box 3"), exact.search(STROKES, k, words="box 3"))
        same(engine.search(None, k, words="box"), exact.search(None, k, words="box"))


def same(one: ss.Ranking, other: ss.Ranking) -> None:
    assert one.ids == other.ids
    assert one.scores.tolist() == other.scores.tolist()
    assert (one.ups, one.paths, one.confidence) == (other.ups, other.paths, other.confidence)


def test_it_follows_the_library(library: Library) -> None:
    assert_as_exact(library)
    ids = dict(ids_of(library))
    box(library.folder / "a/new.off", (3, 1, 1))
    later(box(library.folder / "b/box3.off", (1, 9, 9)))
    (library.folder / "a/box0.off").unlink()
    (library.folder / "b/box5.off").rename(library.folder / "b/renamed.off")
    library.bring(engine=None)
    assert_as_exact(library)
    now = dict(ids_of(library))
    assert now["box3"] == ids["box3"], "ids stay"
    assert now["renamed"] == ids["box5"]
    assert set(now) ^ set(ids) == {"new", "renamed", "box0", "box5"}


def ids_of(library: Library) -> Iterator[tuple[str, int]]:
    with Catalogue(library.index) as catalogue:
        yield from ((entry.path.stem, entry.id) for entry in catalogue.entries())


def test_of_several_ways_and_of_copies_each_is_found(library: Library) -> None:
    box(library.folder / "a/copy.off", (1, 1.3, 2))  # of b/box1
    library.bring(up="auto")
    searcher = library.open()
    assert searcher._ways.most > 1, "a box may stand in several ways"
    assert_as_exact(library)
    turn_shape(library.index, int(searcher.ids[0]), "z", bundle=projection(), workers=1)
    assert library.open().catalogue.get(int(searcher.ids[0])).ups == ("z",)
    assert_as_exact(library)


def test_a_copy_is_found_once_for_each_file(library: Library) -> None:
    box(library.folder / "a/copy.off", (1, 1.3, 2))
    library.bring()
    names = [
        path.stem
        for path in library.open()
        .like(Catalogue(library.index).find(library.folder / "b/box1.off") or 0, 1)
        .paths
    ]
    assert names == ["copy"]


def test_fresh_begins_anew_with_other_encoders(library: Library) -> None:
    with pytest.raises(ArtefactError, match="--fresh"):
        library.bring(bundle=projection("second"))
    assert_as_exact(library)
    library.bring(bundle=projection("second"), fresh=True, engine=None)
    searcher = Searcher.open(library.index, projection("second"))
    assert searcher.held.engine == library.engine, "what was chosen stays"
    assert len(searcher.search(STROKES, 99)) == 12


def test_what_an_engine_lacks_costs_nothing_that_was_indexed(library: Library) -> None:
    library.bring(engine="exact")
    assert library.open().held.engine == "exact"
    box(library.folder / "a/new.off", (3, 1, 1))
    library.bring()
    assert_as_exact(library)


def test_without_its_package_the_command_that_installs_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sketchshape.errors.find_spec", lambda name: None)
    monkeypatch.setattr(Bundle, "open", lambda path=None: projection())
    box(tmp_path / "library/box.off", (1, 2, 3))
    for engine, package, extra in (("faiss", "faiss", "faiss"), ("faiss-hnsw", "faiss", "faiss")):
        words = ["index", str(tmp_path / "library"), "--out", str(tmp_path / "index"), "--engine", engine]
        assert main(words) == 1
        expected = (
            f"sketchshape: error: {package} is not installed; run: pip install 'sketchshape[{extra}]'\n"
        )
        assert capsys.readouterr().err == expected


def test_an_engine_that_compares_otherwise_than_the_encoders_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    from onnx_bundles import onnx_bundle

    box(tmp_path / "library/box.off", (1, 2, 3))
    bundle = Bundle.open(onnx_bundle(tmp_path / "bundle", "nearest_view"))
    with pytest.raises(UsageError, match=r"faiss compares by the cosine.*nearest_view.*--engine exact"):
        build_index(tmp_path / "library", tmp_path / "index", bundle=bundle, quiet=True, engine="faiss")


def test_an_unknown_engine_is_named(tmp_path: Path) -> None:
    box(tmp_path / "library/box.off", (1, 2, 3))
    with pytest.raises(UsageError, match="engine is 'oracle', expected one of: exact, faiss"):
        build_index(
            tmp_path / "library", tmp_path / "index", bundle=projection(), quiet=True, engine="oracle"
        )
