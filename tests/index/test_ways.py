"""Shapes that may stand in several ways: judged, chosen, remembered, turned, and found in each way."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from search_library import box, library, projection

from sketchshape.errors import ArtefactError, MeshError, SketchshapeError, UsageError
from sketchshape.images import prepare_views
from sketchshape.index import Catalogue, IndexSummary, build_index, turn_shape
from sketchshape.index import changes as changes_module
from sketchshape.index import encode as encode_module
from sketchshape.index import standing as standing_module
from sketchshape.index.choices import WAYS
from sketchshape.index.lock import LOCK
from sketchshape.mesh import AXES, load_mesh
from sketchshape.render import render_views
from sketchshape.search import Searcher
from sketchshape.upright.many import Judged

SURE, TORN = 0.99, 0.65


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path / "cache"))
    return library(tmp_path / "library")


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Names and ways of what was encoded, not taken from the index."""
    found: list[tuple[str, str]] = []
    original = encode_module.encode

    def spy(paths: Sequence[Path], *args, ups: Sequence[str], **kwargs):
        found.extend((path.stem, up) for path, up in zip(paths, ups, strict=True))
        return original(paths, *args, ups=ups, **kwargs)

    monkeypatch.setattr(encode_module, "encode", spy)
    return found


class Said:
    """A judge that says what it is told to: of each file name the chances of some ways."""

    def __init__(self) -> None:
        self.chances: dict[str, dict[str, float]] = {}
        self.asked: list[str] = []

    def __call__(
        self, paths: Sequence[Path], *, workers: int | None, timeout: float, memory: float
    ) -> Iterator[tuple[int, Judged | MeshError]]:
        for number, path in enumerate(paths):
            self.asked.append(path.stem)
            if path.stem == "bad":
                yield number, MeshError(path, "cannot be read")
                continue
            given = self.chances.get(path.stem, {"y": SURE})
            rest = (1 - sum(given.values())) / (6 - len(given))
            scores = np.log([given.get(way, rest) for way in AXES])
            yield number, Judged(tuple(scores.tolist()), load_mesh(path).warnings)


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Said:
    said = Said()
    monkeypatch.setattr(standing_module, "judge_files", said)
    return said


def index(folder: Path, at: Path | None = None, **options) -> IndexSummary:
    bundle = options.pop("bundle", projection())
    target = options.pop("index", folder.parent / "index")
    return build_index(at or folder, target, bundle=bundle, quiet=True, workers=2, **options)


def ways(folder: Path, index: Path | None = None) -> dict[str, tuple[str, ...]]:
    with Catalogue(index or folder.parent / "index") as catalogue:
        return {entry.path.stem: entry.ups for entry in catalogue.entries()}


def vectors(folder: Path) -> dict[tuple[str, str], np.ndarray]:
    searcher = Searcher.open(folder.parent / "index", projection())
    rows = searcher.catalogue.rows(
        "SELECT path, up, row FROM stand JOIN shape ON shape = id JOIN content ON content = key"
    )
    return {(Path(path).stem, up): searcher._vectors[row] for path, up, row in rows}


def seen(path: Path, up: str) -> np.ndarray:
    """The vector of a file in a way, made here."""
    bundle = projection()
    return bundle.embed_views(prepare_views(render_views(load_mesh(path, up), 4, 32), bundle.size)[None])[0]


def assert_vectors_are_of_their_ways(folder: Path) -> None:
    for (name, up), vector in vectors(folder).items():
        (path,) = folder.rglob(f"{name}.*")
        np.testing.assert_allclose(vector, seen(path, up), atol=1e-6)


def test_a_sure_shape_has_one_vector_and_an_unsure_one_several(folder: Path, judge: Said) -> None:
    judge.chances = {"oak": {"z": SURE}, "low": {"x": 0.4, "-z": 0.25, "y": 0.2}}
    summary = index(folder)
    expected = dict.fromkeys(("OfficeChair", "stool_2", "a", "b"), ("y",))
    assert ways(folder) == expected | {"oak": ("z",), "low": ("x", "-z", "y")}
    assert (summary.shapes, summary.unsure, summary.turned, summary.added) == (6, 1, 0, 6)
    assert len(vectors(folder)) == 8
    assert_vectors_are_of_their_ways(folder)


def test_the_best_way_counts_and_is_named(folder: Path, judge: Said) -> None:
    judge.chances = {"oak": {"x": 0.4, "-z": 0.25, "y": 0.2}, "low": {"z": 0.5, "y": 0.49}}
    index(folder)
    searcher = Searcher.open(folder.parent / "index", projection())
    query = searcher.embed([[[0, 9, 9], [0, 0, 5]]])
    best: dict[str, tuple[float, str]] = {}
    for (name, up), vector in vectors(folder).items():
        best[name] = max(best.get(name, (-9.0, "")), (float(query @ vector), up))
    ranking = searcher.search([[[0, 9, 9], [0, 0, 5]]], 99)
    assert [path.stem for path in ranking.paths] == sorted(best, key=lambda name: -best[name][0])
    for path, score, up in zip(ranking.paths, ranking.scores, ranking.ups, strict=True):
        assert score == pytest.approx(best[path.stem][0], abs=1e-6)
        assert up == best[path.stem][1]
    assert len(searcher.by_class("box", 99)) == len(searcher) == 6
    assert searcher.library_map().shape == (6, 2)
    assert searcher.search(None, words="oak").ups == ("x",)


def test_more_like_a_shape_asks_in_all_its_ways(folder: Path, judge: Said) -> None:
    judge.chances = {"low": {"x": 0.4, "-z": 0.25, "y": 0.2}}
    index(folder)
    searcher = Searcher.open(folder.parent / "index", projection())
    own = [vector for (name, _), vector in vectors(folder).items() if name == "low"]
    like = searcher.like(searcher.catalogue.find(folder / "tables/low.off") or 0, 99)
    assert len(own) == 3
    assert len(like) == 5
    for path, score in zip(like.paths, like.scores, strict=True):
        others = [vector for (name, _), vector in vectors(folder).items() if name == path.stem]
        assert score == pytest.approx(max(float(a @ b) for a in own for b in others), abs=1e-6)


def test_copies_that_lie_differently_are_one_group(folder: Path, judge: Said) -> None:
    box(folder / "alone/lying.off", (1, 2, 3.8))  # a, with z up
    judge.chances = {"lying": {"y": 0.55, "z": 0.43}}
    assert index(folder).groups == 1
    with Catalogue(folder.parent / "index") as catalogue:
        groups = {entry.path.stem: entry.group for entry in catalogue.entries()}
    assert groups["lying"] == groups["a"]
    searcher = Searcher.open(folder.parent / "index", projection())
    assert len(searcher.by_class("box", 99, unique=True)) == 6


def test_files_of_a_folder_tell_about_each_other_whenever_they_come(
    folder: Path, judge: Said, encoded: list[tuple[str, str]]
) -> None:
    for number in range(6):
        judge.chances[f"s{number}"] = {"z": SURE}
    judge.chances["torn"] = {"y": TORN, "z": 0.3}
    box(folder / "new/torn.off", (1, 2, 5))
    box(folder / "else/torn_too.off", (1, 2, 6))
    judge.chances["torn_too"] = judge.chances["torn"]
    assert index(folder).unsure == 2
    assert ways(folder)["torn"] == ("y", "z")
    for number in range(6):
        box(folder / f"new/s{number}.off", (3 + number, 1, 2))
    encoded.clear()
    summary = index(folder)
    assert ways(folder)["torn"] == ("z",)
    assert ways(folder)["torn_too"] == ("y", "z")
    assert sorted(encoded) == [(f"s{number}", "z") for number in range(6)]  # torn had its vector
    assert (summary.added, summary.turned, summary.unchanged, summary.unsure) == (6, 1, 7, 1)
    assert judge.asked.count("torn") == 1
    for number in range(6):
        (folder / f"new/s{number}.off").unlink()
    encoded.clear()
    assert index(folder).turned == 1
    assert encoded == [("torn", "y")]
    assert ways(folder)["torn"] == ("y", "z")
    assert_vectors_are_of_their_ways(folder)


def test_incremental_is_as_from_scratch(folder: Path, judge: Said) -> None:
    judge.chances = {"a": {"y": TORN, "z": 0.3}, "b": {"z": SURE}, "c": {"z": SURE}, "low": {"x": SURE}}
    index(folder)
    for name in ("c", "d"):
        box(folder / f"{name}.off", (4, 1, ord(name) / 30))
    (folder / "tables/low.off").rename(folder / "chairs/low.off")
    shutil.copy(folder / "b.off", folder / "copy.off")
    index(folder)
    index(folder, index=folder.parent / "scratch")
    assert ways(folder) == ways(folder, folder.parent / "scratch")
    assert_vectors_are_of_their_ways(folder)


def test_what_is_chosen_for_a_folder_outlives_a_run_over_the_root(
    folder: Path, judge: Said, encoded: list[tuple[str, str]]
) -> None:
    judge.chances = {name: {"z": SURE} for name in ("oak", "low")}
    index(folder, folder / "tables", up="x")
    assert judge.asked == []  # nothing that is chosen is judged
    index(folder)
    expected = {"oak": ("x",), "low": ("x",)}
    assert {name: ups for name, ups in ways(folder).items() if name in expected} == expected
    for up in ("-y", None):  # the nearer choice counts
        index(folder, up=up)
        assert ways(folder)["oak"] == ("x",)
        assert ways(folder)["b"] == ("-y",)
    box(folder / "tables/later.off", (1, 2, 7))
    index(folder)
    assert ways(folder)["later"] == ("x",)
    index(folder, folder / "tables", up="auto")
    assert ways(folder)["oak"] == ("z",)
    assert ways(folder)["later"] == ("y",)
    encoded.clear()
    summary = index(folder)
    assert encoded == []
    assert (summary.turned, summary.unchanged) == (0, 7)


def test_an_axis_for_a_folder_is_not_said_of_files_that_say_theirs(
    folder: Path, judge: Said, tmp_path: Path
) -> None:
    from sketchshape.web.glb import to_glb

    (folder / "told.glb").write_bytes(to_glb(load_mesh(folder / "a.off")))
    index(folder, up="z")
    assert ways(folder)["a"] == ("z",)
    assert ways(folder)["told"] == ("y",)
    assert judge.asked == ["told"]
    judge.asked.clear()
    index(folder, up="y", fresh=True)
    assert set(ways(folder).values()) == {("y",)}
    assert judge.asked == []


def test_a_shape_that_is_turned_stays_so(folder: Path, judge: Said, encoded: list[tuple[str, str]]) -> None:
    judge.chances = {"b": {"y": TORN, "x": 0.3}}
    shutil.copy(folder / "b.off", folder / "tables/copy.off")
    judge.chances["copy"] = judge.chances["b"]
    index(folder)
    encoded.clear()
    target = folder.parent / "index"
    with Catalogue(target) as catalogue:
        b, copy = (catalogue.find(folder / name) or 0 for name in ("b.off", "tables/copy.off"))
    assert turn_shape(target, b, "-z", bundle=projection()) == sorted([b, copy])
    assert encoded == [("b", "-z")]
    assert ways(folder)["b"] == ways(folder)["copy"] == ("-z",)
    np.testing.assert_allclose(vectors(folder)["copy", "-z"], seen(folder / "b.off", "-z"), atol=1e-6)
    (folder / "b.off").rename(folder / "tables/moved.off")
    for options in ({}, {"up": "x"}, {"fresh": True}):
        index(folder, **options)
        assert ways(folder)["moved"] == ("-z",)
    with Catalogue(target) as catalogue:
        moved = catalogue.find(folder / "tables/moved.off") or 0
    turn_shape(target, moved, "auto", bundle=projection())
    assert ways(folder)["moved"] == ("x",)  # what was chosen for the folder counts again


def test_all_files_of_a_kind_in_a_folder_are_turned(folder: Path, judge: Said) -> None:
    from sketchshape.web.glb import to_glb

    (folder / "tables/other.glb").write_bytes(to_glb(load_mesh(folder / "a.off")))
    index(folder)
    target = folder.parent / "index"
    with Catalogue(target) as catalogue:
        low, oak = (catalogue.find(folder / name) or 0 for name in ("tables/low.off", "tables/old/oak.off"))
    told: list[tuple[int, int]] = []
    turn_shape(target, oak, "x", bundle=projection())
    turned = turn_shape(
        target, low, "z", folder=True, bundle=projection(), told=lambda *numbers: told.append(numbers)
    )
    assert turned == sorted([low, oak])
    assert told[-1][0] == told[-1][1] == 2
    index(folder)
    assert {name: ups[0] for name, ups in ways(folder).items() if ups != ("y",)} == {"low": "z", "oak": "z"}
    turn_shape(target, low, "auto", folder=True, bundle=projection())
    assert set(ways(folder).values()) == {("y",)}


def test_turning_refuses_what_it_cannot_do(folder: Path, judge: Said) -> None:
    index(folder)
    target = folder.parent / "index"
    with pytest.raises(UsageError, match="up is 'w', expected one of: auto, y, z, x, -y, -z, -x"):
        turn_shape(target, 1, "w", bundle=projection())
    with pytest.raises(UsageError, match="no shape 99"):
        turn_shape(target, 99, "z", bundle=projection())
    other = sqlite3.connect(target / LOCK, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(SketchshapeError, match="another process is indexing it"):
        turn_shape(target, 1, "z", bundle=projection())
    other.close()
    with Catalogue(target) as catalogue:
        a = catalogue.find(folder / "a.off") or 0
    box(folder / "a.off", (1, 1, 9))
    with pytest.raises(SketchshapeError, match=r"changed or went away.*index.* again"):
        turn_shape(target, a, "z", bundle=projection())
    with pytest.raises(UsageError, match="up is 'w'"):
        index(folder, up="w")
    assert set(ways(folder).values()) == {("y",)}


def test_what_another_judge_said_is_judged_again(
    folder: Path, judge: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    index(folder)
    judge.asked.clear()
    index(folder)
    assert judge.asked == []
    monkeypatch.setattr(standing_module, "judge_hash", lambda: "a newer one")
    judge.chances = {"b": {"x": SURE}}
    assert index(folder).turned == 1
    assert len(judge.asked) == 6
    assert ways(folder)["b"] == ("x",)


def test_what_an_older_reader_saw_is_read_again(
    folder: Path, judge: Said, encoded: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    judge.chances = {"b": {"x": TORN, "y": 0.3}}
    (folder / "tables/copy.off").write_bytes((folder / "a.off").read_bytes())
    index(folder)
    before, kept = vectors(folder), ids(folder)
    encoded.clear()
    judge.asked.clear()
    with Catalogue(folder.parent / "index", create=True) as catalogue:
        with catalogue.transaction() as base:
            base.execute("UPDATE reading SET warnings = '[\"as it was\"]'")
        assert len(catalogue.warnings()) == 7
    monkeypatch.setattr(changes_module, "READER_VERSION", changes_module.READER_VERSION + 1)
    assert index(folder, folder / "tables").unchanged == 3
    assert sorted(judge.asked) == ["copy", "low", "oak"]
    assert vectors(folder).keys() == before.keys()
    summary = index(folder)
    assert (summary.added, summary.moved, summary.turned, summary.unchanged) == (0, 0, 0, 7)
    assert summary.warned == []
    assert len(judge.asked) == 6  # once for each content
    assert sorted(encoded) == sorted(before.keys() - {("a", "y")})  # it was read as its copy
    again = vectors(folder)
    assert again.keys() == before.keys()
    for key, vector in before.items():
        np.testing.assert_array_equal(again[key], vector)
    assert ids(folder) == kept
    assert index(folder).unchanged == 7
    assert len(judge.asked) == 6


def test_what_an_older_reader_refused_is_tried_again_once(
    folder: Path, encoded: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "bad.off").write_text("nothing")
    index(folder, up="y")
    encoded.clear()
    index(folder)
    assert encoded == []
    monkeypatch.setattr(changes_module, "READER_VERSION", changes_module.READER_VERSION + 1)
    index(folder, folder / "tables")
    assert sorted(encoded) == [("low", "y"), ("oak", "y")]
    encoded.clear()
    index(folder)
    assert ("bad", "y") in encoded
    encoded.clear()
    assert len(index(folder).failed) == 1
    assert encoded == []


def test_a_changed_file_is_not_drawn_as_what_it_was(
    folder: Path, judge: Said, encoded: list[tuple[str, str]]
) -> None:
    index(folder)
    encoded.clear()
    box(folder / "a.off", (9, 1, 1))
    judge.chances = {"a": {"x": TORN, "y": 0.3}}
    summary = index(folder)
    assert (summary.changed, summary.turned) == (1, 0)
    assert sorted(encoded) == [("a", up) for up in sorted(ways(folder)["a"])]
    assert_vectors_are_of_their_ways(folder)


def ids(folder: Path) -> dict[str, int]:
    with Catalogue(folder.parent / "index") as catalogue:
        return {entry.path.stem: entry.id for entry in catalogue.entries()}


def test_stopped_between_judging_and_encoding_it_goes_on(
    folder: Path, judge: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    judge.chances = {"b": {"x": TORN, "y": 0.3}}
    with monkeypatch.context() as patch:
        patch.setattr(standing_module, "plan", stop)
        with pytest.raises(KeyboardInterrupt):
            index(folder)
    assert len(Searcher.open(folder.parent / "index", projection())) == 0
    judge.asked.clear()
    assert index(folder).added == 6
    assert judge.asked == []
    assert_vectors_are_of_their_ways(folder)


def test_warnings_are_kept_with_their_shapes(folder: Path, judge: Said) -> None:
    whole = (folder / "b.off").read_text()
    (folder / "b.off").write_text(whole.replace("\n8 6 ", "\n8 7 ") + "3 0 1 99\n")
    warnings = load_mesh(folder / "b.off").warnings
    assert len(warnings) == 1
    assert index(folder).warned == [(folder / "b.off", warnings)]
    assert index(folder, folder / "tables").warned == []
    (folder / "b.off").rename(folder / "tables/c.off")
    assert index(folder).warned == [(folder / "tables/c.off", warnings)]
    with Catalogue(folder.parent / "index") as catalogue:
        assert [entry.path.stem for entry in catalogue.entries() if entry.warnings] == ["c"]


def test_warnings_are_known_where_nothing_is_judged(folder: Path) -> None:
    whole = (folder / "b.off").read_text()
    (folder / "b.off").write_text(whole.replace("\n8 6 ", "\n8 7 ") + "3 0 1 99\n")
    ((path, (warning,)),) = index(folder, up="y").warned
    assert path == folder / "b.off"
    assert "99" in warning or "face" in warning


FORMAT_1 = """
CREATE TABLE old_shape (
    id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE, size INTEGER NOT NULL,
    mtime INTEGER NOT NULL, content TEXT NOT NULL REFERENCES content, hash TEXT NOT NULL, up TEXT NOT NULL,
    format TEXT NOT NULL, tags TEXT NOT NULL, grp INTEGER NOT NULL DEFAULT 0);
INSERT INTO old_shape SELECT id, path, size, mtime, content, hash, up, format, tags, grp
    FROM shape JOIN stand ON id = shape;
CREATE TABLE old_failure (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime INTEGER NOT NULL, up TEXT NOT NULL,
    reason TEXT NOT NULL);
INSERT INTO old_failure SELECT path, size, mtime, 'y', reason FROM failure;
DROP TABLE stand; DROP TABLE reading; DROP TABLE chosen_shape; DROP TABLE chosen_folder;
DROP TABLE shape; DROP TABLE failure;
ALTER TABLE old_shape RENAME TO shape;
ALTER TABLE old_failure RENAME TO failure;
CREATE INDEX shape_content ON shape (content);
UPDATE content SET key = RTRIM(RTRIM(key, '0123456789'));
UPDATE shape SET content = RTRIM(RTRIM(content, '0123456789'));
UPDATE twin SET a = RTRIM(RTRIM(a, '0123456789')), b = RTRIM(RTRIM(b, '0123456789'));
DELETE FROM fact WHERE name = 'reader';
PRAGMA user_version = 1;
"""


def test_an_index_of_format_1_is_brought_up_to_date(
    folder: Path, judge: Said, encoded: list[tuple[str, str]]
) -> None:
    (folder / "bad.off").write_text("nothing")
    target = folder.parent / "index"
    index(folder, up="y")
    index(folder, folder / "tables", up="z")
    before = vectors(folder)
    base = sqlite3.connect(target / "catalogue.sqlite")
    base.executescript(FORMAT_1)
    base.close()
    with pytest.raises(ArtefactError, match=r"format 1, expected 3.* sketchshape index FOLDER --out"):
        Searcher.open(target, projection())
    encoded.clear()
    judge.chances = {"a": {"x": TORN, "y": 0.3}}
    summary = index(folder)
    assert encoded == [("a", "x")]
    assert (summary.shapes, summary.unchanged, summary.turned) == (6, 5, 1)
    assert [path.stem for path, _ in summary.failed] == ["bad"]
    assert ways(folder) == {
        **dict.fromkeys(("OfficeChair", "stool_2", "b"), ("y",)),
        "oak": ("z",),
        "low": ("z",),
        "a": ("y", "x"),
    }
    for key, vector in before.items():
        np.testing.assert_array_equal(vectors(folder)[key], vector)
    with Catalogue(target) as old, Catalogue(folder.parent, create=True) as new:
        names = "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
        assert old.rows(names) == new.rows(names)


def test_the_ways_that_may_be_chosen() -> None:
    assert ("auto", *AXES) == WAYS
