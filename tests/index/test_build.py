"""An index follows its library, survives being killed, and never mixes what does not compare."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import search_library
from search_library import box, later, library, projection

from sketchshape.errors import ArtefactError, SketchshapeError, UsageError
from sketchshape.index import Catalogue, IndexSummary, build_index
from sketchshape.index import contents as contents_module
from sketchshape.index import encode as encode_module
from sketchshape.index.lock import LOCK
from sketchshape.search import Searcher


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path / "cache"))
    return library(tmp_path / "library")


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were encoded, not taken from the index."""
    found: list[Path] = []
    original = encode_module.encode

    def spy(paths, *args, **kwargs):
        found.extend(paths)
        return original(paths, *args, **kwargs)

    monkeypatch.setattr(encode_module, "encode", spy)
    return found


def index(folder: Path, **options) -> IndexSummary:
    options.setdefault("bundle", projection())
    options.setdefault("up", "y")
    return build_index(folder, folder.parent / "index", quiet=True, workers=2, **options)


def counts(summary: IndexSummary) -> tuple[int, ...]:
    return summary.added, summary.changed, summary.moved, summary.removed, summary.unchanged


def state(folder: Path) -> dict[str, np.ndarray]:
    """Path to vector of all that the index of a library holds."""
    searcher = Searcher.open(folder.parent / "index", projection())
    return {
        str(searcher.catalogue.get(id).path): searcher._vectors[row]
        for id, row in zip(searcher.ids.tolist(), searcher._rows, strict=True)
    }


def assert_as_from_scratch(folder: Path) -> None:
    """The index is what indexing the library now, into a new folder, gives."""
    found = state(folder)
    build_index(folder, folder.parent / "scratch/index", bundle=projection(), up="y", quiet=True, fresh=True)
    searcher = Searcher.open(folder.parent / "scratch/index", projection())
    assert set(found) == {str(path) for path in searcher.like(1).paths} | {
        str(searcher.catalogue.get(1).path)
    }
    for id, row in zip(searcher.ids.tolist(), searcher._rows, strict=True):
        np.testing.assert_array_equal(found[str(searcher.catalogue.get(id).path)], searcher._vectors[row])


def test_the_first_run_takes_all_and_the_second_nothing(folder: Path, encoded: list[Path]) -> None:
    assert counts(index(folder)) == (6, 0, 0, 0, 0)
    assert len(encoded) == 6
    assert counts(index(folder)) == (0, 0, 0, 0, 6)
    assert len(encoded) == 6


def test_entries_tell_what_is_in_the_files(folder: Path) -> None:
    index(folder)
    with Catalogue(folder.parent / "index") as catalogue:
        entry = catalogue.get(catalogue.find(folder / "tables/old/oak.off") or 0)
        assert len(catalogue.entries(2, 3)) == 3
        assert [one.id for one in catalogue.entries()] == [1, 2, 3, 4, 5, 6]
    assert entry.tags == ("tables", "old")
    assert entry.faces == 12
    assert entry.bounds == pytest.approx((1, 3.1, 2))
    assert entry.format == ".off"
    assert entry.size == entry.path.stat().st_size
    assert entry.group == entry.id


def test_only_what_differs_is_encoded(folder: Path, encoded: list[Path]) -> None:
    index(folder)
    before = state(folder)
    encoded.clear()
    new = box(folder / "new.off", (5, 1, 1))
    changed = box(folder / "a.off", (1, 9, 1))
    later(folder / "b.off")
    (folder / "chairs").rename(folder / "seats")
    (folder / "tables/low.off").unlink()
    assert counts(index(folder)) == (1, 1, 2, 1, 2)
    assert sorted(encoded) == [changed, new]
    after = state(folder)
    moved = str(folder / "seats/stool_2.off")
    np.testing.assert_array_equal(after[moved], before[moved.replace("seats", "chairs")])
    assert_as_from_scratch(folder)


def test_ids_stay_through_changes_and_moves(folder: Path) -> None:
    index(folder)
    with Catalogue(folder.parent / "index") as catalogue:
        a, b = (catalogue.find(folder / f"{name}.off") for name in "ab")
    (folder / "a.off").rename(folder / "tables/c.off")
    box(folder / "b.off", (7, 1, 1))
    index(folder)
    with Catalogue(folder.parent / "index") as catalogue:
        assert catalogue.find(folder / "tables/c.off") == a
        assert catalogue.find(folder / "b.off") == b
        assert catalogue.get(a or 0).tags == ("tables",)


def test_two_files_may_swap_their_names(folder: Path, encoded: list[Path]) -> None:
    index(folder)
    encoded.clear()
    a, b, aside = folder / "a.off", folder / "b.off", folder / "aside"
    a.rename(aside), b.rename(a), aside.rename(b)
    index(folder)
    assert encoded == []
    assert_as_from_scratch(folder)


def test_a_part_of_the_library_leaves_the_rest_unless_pruned(folder: Path) -> None:
    index(folder)
    part = folder / "tables"
    (part / "low.off").unlink()
    summary = build_index(part, folder.parent / "index", bundle=projection(), quiet=True)
    assert counts(summary) == (0, 0, 0, 1, 1)
    assert summary.shapes == 5
    summary = build_index(part, folder.parent / "index", bundle=projection(), quiet=True, prune=True)
    assert counts(summary) == (0, 0, 0, 4, 1)
    assert list(state(folder)) == [str(part / "old/oak.off")]


def test_an_empty_folder_removes_nothing(folder: Path, tmp_path: Path) -> None:
    index(folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no mesh files in it; nothing was changed"):
        build_index(tmp_path / "empty", tmp_path / "index", bundle=projection(), prune=True)
    assert len(state(folder)) == 6


def test_links_that_loop_are_followed_once(folder: Path) -> None:
    (folder / "tables/loop").symlink_to(folder, target_is_directory=True)
    (folder / "chairs/other").symlink_to(folder / "tables/old", target_is_directory=True)
    summary = index(folder)
    assert summary.shapes == 6
    assert not summary.failed


def test_duplicates_share_a_vector_and_a_group(folder: Path, encoded: list[Path]) -> None:
    (folder / "copy.off").write_bytes((folder / "a.off").read_bytes())
    summary = index(folder)
    assert len(encoded) == 6
    assert (summary.shapes, summary.groups) == (7, 1)
    (folder / "third.off").write_bytes((folder / "a.off").read_bytes())
    assert index(folder).added == 1
    assert len(encoded) == 6
    with Catalogue(folder.parent / "index") as catalogue:
        groups = {
            catalogue.get(catalogue.find(folder / f"{one}.off") or 0).group for one in ("a", "copy", "third")
        }
    assert len(groups) == 1


def test_shapes_that_look_the_same_are_grouped(folder: Path) -> None:
    box(folder / "a-in-millimetres.off", (1000, 1000 * 3.8, 2000))
    box(folder / "a-turned.off", (2, 3.8, 1))
    summary = index(folder)
    with Catalogue(folder.parent / "index") as catalogue:
        groups: dict[int, set[str]] = {}
        for entry in catalogue.entries():
            groups.setdefault(entry.group, set()).add(entry.path.stem)
    assert summary.groups == 1
    assert {"a", "a-in-millimetres", "a-turned"} in groups.values()
    (folder / "a.off").unlink()
    assert index(folder).groups == 1
    (folder / "a-turned.off").unlink()
    assert index(folder).groups == 0


def test_bad_files_are_kept_with_reasons_and_tried_again_when_they_change(
    folder: Path, encoded: list[Path]
) -> None:
    bad = folder / "bad.off"
    bad.write_bytes(b"OFF\n3 1 0\n0 0 0\n")
    (folder / "gone.off").symlink_to(folder / "nowhere")
    summary = index(folder)
    assert summary.shapes == 6
    assert [path.name for path, _ in summary.failed] == ["bad.off", "gone.off"]
    assert "No such file" in summary.failed[1][1]
    with Catalogue(folder.parent / "index") as catalogue:
        assert catalogue.failures() == summary.failed
    encoded.clear()
    assert index(folder).failed == summary.failed
    assert encoded == []
    index(folder, retry=True)
    assert encoded == [bad]
    box(bad, (3, 1, 1))
    summary = index(folder)
    assert [path.name for path, _ in summary.failed] == ["gone.off"]
    assert summary.added == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_reported_and_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe.gltf")
    (folder / "tables/link.obj").symlink_to(folder / "pipe.gltf")
    summary = index(folder)
    assert summary.shapes == 6
    assert [path.name for path, _ in summary.failed] == ["pipe.gltf", "link.obj"]
    assert all("a pipe" in reason for _, reason in summary.failed)


def test_a_folder_that_cannot_be_read_is_reported_and_keeps_its_shapes(
    folder: Path, monkeypatch: pytest.MonkeyPatch, encoded: list[Path]
) -> None:
    (folder / "tables/bad.off").write_bytes(b"not a mesh")
    before = index(folder)
    encoded.clear()
    scan = os.scandir

    def closed(path):
        if os.fspath(path) == str(folder / "tables"):  # as on a network share that is away
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", closed)
        (folder / "a.off").unlink()
        for prune in (False, True):
            summary = index(folder, prune=prune)
            assert summary.shapes == 5
            assert (folder / "tables", "cannot be read: Permission denied") in summary.failed
            assert set(before.failed) < set(summary.failed)
    assert counts(index(folder)) == (0, 0, 0, 0, 5)
    assert encoded == []
    assert index(folder).failed == before.failed


def test_a_shape_that_turns_bad_is_not_found_any_more(folder: Path) -> None:
    index(folder)
    (folder / "a.off").write_bytes(b"not a mesh")
    assert [path.name for path, _ in index(folder).failed] == ["a.off"]
    assert str(folder / "a.off") not in state(folder)


@pytest.mark.parametrize(
    ("other", "what"),
    [(projection("second"), "model first, not second"), (projection(renderer=0), "renderer")],
)
def test_mixing_is_refused_with_the_remedy(folder: Path, other, what: str) -> None:
    index(folder)
    with pytest.raises(ArtefactError, match=rf"{what}.*--bundle.*--fresh"):
        index(folder, bundle=other)
    with pytest.raises(ArtefactError, match=what):
        Searcher.open(folder.parent / "index", other)


def test_an_index_is_replaced_when_asked(folder: Path) -> None:
    index(folder)
    assert counts(index(folder, bundle=projection("second"), fresh=True)) == (6, 0, 0, 0, 0)


def test_encoders_of_another_renderer_do_not_render(folder: Path) -> None:
    with pytest.raises(ArtefactError, match="made for renderer 0"):
        index(folder, bundle=projection(renderer=0))


def test_another_up_axis_is_another_shape(folder: Path) -> None:
    index(folder)
    before = state(folder)
    summary = index(folder, up="z")
    assert counts(summary) == (0, 0, 0, 0, 0)
    assert summary.turned == 6
    with Catalogue(folder.parent / "index") as catalogue:
        entry = catalogue.get(catalogue.find(folder / "b.off") or 0)
    assert entry.up == "z"
    assert sorted(entry.bounds) == pytest.approx([1, 2, 4.5])
    assert entry.bounds[1] == pytest.approx(2)
    assert not np.allclose(before[str(folder / "b.off")], state(folder)[str(folder / "b.off")])


def test_a_folder_of_something_else_is_not_touched(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    (tmp_path / "index/letter.txt").write_text("dear")
    with pytest.raises(UsageError, match="not empty and holds no index"):
        index(folder)
    assert [path.name for path in (tmp_path / "index").iterdir()] == ["letter.txt"]


def test_two_processes_do_not_index_at_once(folder: Path) -> None:
    index(folder)
    other = sqlite3.connect(folder.parent / "index" / LOCK, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(SketchshapeError, match="another process is indexing it"):
        index(folder)
    other.close()
    assert index(folder).unchanged == 6


def test_what_is_no_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no index in it; make one: sketchshape index"):
        Searcher.open(tmp_path, projection())
    (tmp_path / "catalogue.sqlite").write_bytes(b"this is not a data base, is it?" * 100)
    with pytest.raises(ArtefactError, match="--fresh"):
        Searcher.open(tmp_path, projection())


def test_lost_vectors_are_noticed(folder: Path) -> None:
    index(folder)
    (folder.parent / "index/vectors-1.f32").write_bytes(b"1234" * 8)
    with pytest.raises(ArtefactError, match=r"1 vectors, expected 6; index again with --fresh"):
        Searcher.open(folder.parent / "index", projection())


def test_rows_of_no_shape_are_given_back(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents_module, "HOLES", 3)
    index(folder)
    with Catalogue(folder.parent / "index") as catalogue:
        rows = catalogue.rows(
            "SELECT path FROM shape JOIN stand ON id = shape JOIN content ON content = key ORDER BY row"
        )
    for (path,) in rows[::2]:
        Path(path).unlink()
    expected = {path: vector.copy() for path, vector in state(folder).items() if Path(path).exists()}
    open_before = Searcher.open(folder.parent / "index", projection())
    index(folder)
    vectors = list((folder.parent / "index").glob("vectors-*.f32"))
    assert [(path.name, path.stat().st_size) for path in vectors] == [("vectors-2.f32", 3 * 8 * 4)]
    found = state(folder)
    assert found.keys() == expected.keys()
    for path, vector in expected.items():
        np.testing.assert_array_equal(found[path], vector)
    assert len(open_before.like(1, 10)) == 5  # what was open goes on with what it had
    box(folder / "c.off", (4, 1, 1))
    index(folder)
    assert_as_from_scratch(folder)


KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import sketchshape.index.standing as indexing
from sketchshape.index import build_index
from search_library import projection
indexing.KEEP_EVERY = 0.0
keep = indexing.keep

def told(*args):
    print("keep", flush=True)
    keep(*args)

indexing.keep = told
build_index(sys.argv[2], sys.argv[3], bundle=projection(), up="y", quiet=True, workers=1)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_killed_at_any_moment_it_opens_and_goes_on(folder: Path) -> None:
    for number in range(10):
        box(folder / f"more/{number}.off", (1, 2, 0.3 + number))
    target = folder.parent / "index"
    chance = random.Random(0)
    sizes = [0]
    for _ in range(6):
        helpers = Path(search_library.__file__).parent
        words = [
            sys.executable,
            "-c",
            KILLED,
            str(helpers),
            str(folder),
            str(target),
        ]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for _ in range(chance.randint(1, 5)):  # lines: it is about to keep what it has
            process.stdout.readline()
        time.sleep(chance.uniform(0, 0.02))
        process.kill()
        process.wait()
        process.stdout.close()
        if (target / "catalogue.sqlite").exists() and os.path.getsize(target / "catalogue.sqlite"):
            with Catalogue(target, create=True) as catalogue:
                sizes.append(len(catalogue))
            if sizes[-1]:
                assert len(Searcher.open(target, projection()).search([[[0, 9], [0, 9]]], 99)) == sizes[-1]
    assert sizes == sorted(sizes), "nothing that was kept is lost"
    assert sizes[-1] > 0, "killed before anything was kept"
    summary = index(folder)
    assert summary.shapes == 16
    assert summary.added == 16 - sizes[-1]
    assert_as_from_scratch(folder)


def test_a_crash_between_vectors_and_catalogue_leaves_no_trace(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_):
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(Catalogue, "made_with", crash)  # called after the vectors are on the disk
        patch.setattr(Catalogue, "check_made_with", lambda *_: None)
        with pytest.raises(RuntimeError, match="power cut"):
            index(folder)
    assert (folder.parent / "index/vectors-1.f32").stat().st_size == 6 * 8 * 4
    assert counts(index(folder)) == (6, 0, 0, 0, 0)
    assert_as_from_scratch(folder)


def test_before_shapes_are_compared_each_is_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_):
        raise KeyboardInterrupt

    (folder / "copy.off").write_bytes((folder / "a.off").read_bytes())
    index(folder)
    box(folder / "copy.off", (5, 1, 1))
    box(folder / "new.off", (1, 6, 1))
    with monkeypatch.context() as patch:
        patch.setattr("sketchshape.index.build.group", stop)
        with pytest.raises(KeyboardInterrupt):
            index(folder)
    searcher = Searcher.open(folder.parent / "index", projection())
    assert len(searcher.by_class("box", 20, unique=True)) == 8
    assert all(entry.group == entry.id for entry in searcher.catalogue.entries())
    assert index(folder).groups == 0


def test_a_row_is_never_written_over(folder: Path) -> None:
    index(folder)
    before = Searcher.open(folder.parent / "index", projection())
    vectors = before._vectors.copy()
    for name in ("a", "b", "tables/low"):
        (folder / f"{name}.off").unlink()
    index(folder)
    box(folder / "new.off", (9, 1, 1))
    index(folder)
    np.testing.assert_array_equal(before._vectors, vectors)
    assert_as_from_scratch(folder)


def test_an_index_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder, for root neither")
    with pytest.raises(SketchshapeError, match="file/index cannot be written to"):
        build_index(library(tmp_path / "library"), tmp_path / "file/index", bundle=projection(), quiet=True)
