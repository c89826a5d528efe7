"""Full disks, two writers and altered vectors: an index opens, goes on, or says what to do."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import kills
import numpy as np
import pytest
from search_library import box, library, projection

from sketchshape.errors import ArtefactError, SketchshapeError, UsageError
from sketchshape.index import build_index
from sketchshape.index.lock import InWork, alone
from sketchshape.render.workers import Crew
from sketchshape.search import Searcher

STROKES = [[[0, 9, 9], [0, 0, 9]]]
SOME = int(os.environ.get("FAULTS", "1"))  # times as many of the quick tries


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """A cache of one's own; and no workers, which have tests of their own and take a second to start."""
    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path / "cache"))
    if "worker" not in request.node.name:
        monkeypatch.setattr(Crew, "call", kills.call_here)


def index(folder: Path, **options: object):
    return build_index(folder, folder.parent / "index", bundle=projection(), quiet=True, **options)  # type: ignore[arg-type]


def same_box(path: Path) -> None:
    """Write a box that looks as others do, in a file that is not as theirs."""
    box(path, (1, 2, 3)).write_bytes(path.read_bytes() + f"# {path.stem}\n".encode())


def test_one_worker_and_two_make_the_same_index(tmp_path: Path) -> None:
    folder = library(tmp_path / "library")
    for number in range(12):
        box(folder / f"more/{number}.off", (1, 1 + number / 7, 3))
    found = []
    for workers in (1, 2):
        build_index(folder, tmp_path / f"i{workers}", bundle=projection(), quiet=True, workers=workers)
        found.append(kills.content(tmp_path / f"i{workers}"))
    assert found[0] == found[1]
    assert (tmp_path / "i1/vectors-1.f32").read_bytes() == (tmp_path / "i2/vectors-1.f32").read_bytes()


def test_of_equal_scores_the_first_path_comes_first(tmp_path: Path) -> None:
    folder = library(tmp_path / "library")
    for name in ("z", "m"):  # indexed before those that come first by name
        same_box(folder / f"{name}.off")
    index(folder)
    for name in ("a0", "n"):
        same_box(folder / f"{name}.off")
    index(folder)
    ranking = Searcher.open(tmp_path / "index", projection()).search(STROKES, 99)
    same = [path.stem for path in ranking.paths if path.stem in ("z", "m", "a0", "n")]
    assert same == ["a0", "m", "n", "z"]
    assert len({float(s) for s, p in zip(ranking.scores, ranking.paths, strict=True) if p.stem in same}) == 1
    assert list(ranking.scores) == sorted(ranking.scores, reverse=True)


def test_a_second_writer_is_told_who_the_first_is(tmp_path: Path) -> None:
    folder = library(tmp_path / "library")
    index(folder)
    code = (
        "import sys, time; from pathlib import Path; from sketchshape.index.lock import alone\n"
        "with alone(Path(sys.argv[1])): print('holds', flush=True); time.sleep(60)\n"
    )
    words = [sys.executable, "-c", code, str(tmp_path / "index")]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"holds\n"
        with pytest.raises(InWork, match=rf"another process is indexing it \(process {other.pid} on .+\)"):
            index(folder)
        other.kill()
    assert index(folder).unchanged == 6  # the lock of a killed one holds nobody
    with alone(tmp_path / "index"), pytest.raises(InWork, match=rf"process {os.getpid()} on"):
        index(folder)
    assert not (tmp_path / "index/holder.txt").exists()


@contextlib.contextmanager
def small_disk(place: Path, size: int):
    """Mount a disk of so many bytes in memory."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs the right to mount")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize("pages", [1, 8])
def test_a_full_disk_is_one_line_and_the_next_run_goes_on(pages: int, tmp_path: Path) -> None:
    folder = library(tmp_path / "library")
    for number in range(40):
        box(folder / f"more/{number}.off", (1, 1 + number / 7, 3))
    build_index(folder, tmp_path / "whole", bundle=projection(), quiet=True)
    with small_disk(tmp_path / "disk", pages * 4096):
        target = tmp_path / "disk/index"
        said = ""
        try:
            build_index(folder, target, bundle=projection(), quiet=True)
        except SketchshapeError as error:
            said = str(error)
        assert "\n" not in said
        assert not said or "make room" in said or "cannot be written" in said
        subprocess.run(["mount", "-o", "remount,size=8000000", str(tmp_path / "disk")], check=True)
        build_index(folder, target, bundle=projection(), quiet=True)
        assert kills.content(target) == kills.content(tmp_path / "whole")


def test_a_cache_on_a_full_disk_or_without_a_folder_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = library(tmp_path / "library")
    with small_disk(tmp_path / "disk", 8192):
        monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path / "disk"))
        monkeypatch.setattr("sketchshape.say._warned", set())
        assert index(folder).shapes == 6
        said = capsys.readouterr().err
        assert said.count("warning") == 1, said
        assert "cannot be written to (No space left on device)" in said
    monkeypatch.setenv("SKETCHSHAPE_CACHE", "/proc/nope/cache")
    assert index(folder, fresh=True).shapes == 6


def test_an_altered_bit_of_the_vectors_and_each_cut_is_seen(tmp_path: Path) -> None:
    folder = library(tmp_path / "library")
    index(folder)
    path = tmp_path / "index/vectors-1.f32"
    whole = path.read_bytes()
    chance = np.random.default_rng(0)
    for at in chance.integers(0, 8 * len(whole), 40 * SOME):
        altered = bytearray(whole)
        altered[at // 8] ^= 1 << (at % 8)
        path.write_bytes(altered)
        with pytest.raises(ArtefactError, match="altered since it was written; index again with --fresh"):
            Searcher.open(tmp_path / "index", projection())
    for size in chance.integers(0, len(whole), 20 * SOME):
        path.write_bytes(whole[:size])
        with pytest.raises(ArtefactError, match="index again with --fresh"):
            Searcher.open(tmp_path / "index", projection())
    assert index(folder, fresh=True).shapes == 6
    assert len(Searcher.open(tmp_path / "index", projection())) == 6


def served(tmp_path: Path) -> tuple[Path, Any, Any]:
    """Index six boxes and follow the index as a service does: the folder, the library and what follows it."""
    pytest.importorskip("fastapi", reason="needs the extra [serve]")
    from sketchshape.web.following import Following
    from sketchshape.web.library import Library
    from sketchshape.web.limits import Limits

    folder = library(tmp_path / "library")
    index(folder)
    shown = Library(Searcher.open(tmp_path / "index", projection()), Limits())
    return folder, shown, Following(shown)


def test_a_service_shows_what_another_process_indexes(tmp_path: Path) -> None:
    folder, shown, following = served(tmp_path)
    assert not following.look()
    assert len(shown.map.ids) == 6
    for number in range(2):
        box(folder / f"new{number}.off", (3, 1 + number, 1))
        index(folder)
        assert following.look()
        assert not following.look()
        assert len(shown.searcher.search(STROKES, 99)) == len(shown.map.ids) == 7 + number
    index(folder, fresh=True)
    assert following.look()
    (tmp_path / "index/catalogue.sqlite").write_bytes(b"no catalogue")
    assert not following.look()  # what was read is shown on
    assert len(shown.searcher.search(STROKES, 99)) == 8
    index(folder, fresh=True)
    assert following.look()
    assert len(shown.searcher.search(STROKES, 99)) == 8


def test_a_service_sees_a_whole_state_while_another_process_writes(tmp_path: Path) -> None:
    folder, shown, following = served(tmp_path)
    for number in range(20):
        box(folder / f"more/{number}.off", (1, 1 + number / 7, 3))
    words = [sys.executable, "-c", kills.CHILD, str(folder), str(tmp_path / "index"), "0", "0"]
    before = 6
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, env=kills.environment()) as other:
        while other.poll() is None:
            following.look()
            ranking = shown.searcher.search(STROKES, 99)
            assert before <= len(ranking) == len(shown.searcher) <= 26  # as it was kept, again and again
            assert len(list(shown.entries(ranking.ids))) == len(ranking)
            before = len(ranking)
            time.sleep(0.02)
    assert other.returncode == 0
    following.look()
    assert len(shown.searcher) == 26


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs groups of processes")
@pytest.mark.parametrize("kind", kills.KINDS)
def test_killed_with_its_workers(kind: str, tmp_path: Path) -> None:
    for whom in kills.WHOM:
        kills.kill(tmp_path / whom, kind, whom, 5, 1, workers=True)


def test_a_first_run_that_ended_before_it_wrote_anything_left_no_index(tmp_path: Path) -> None:
    library(tmp_path / "library")
    (tmp_path / "index").mkdir()
    (tmp_path / "index/catalogue.sqlite").touch()
    with pytest.raises(UsageError, match=r"no index in it; make one"):
        Searcher.open(tmp_path / "index", projection())
    summary = build_index(tmp_path / "library", tmp_path / "index", bundle=projection(), up="y", quiet=True)
    assert summary.added == len(Searcher.open(tmp_path / "index", projection()))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("whom", kills.WHOM)
@pytest.mark.parametrize("kind", kills.KINDS)
@pytest.mark.parametrize("runs", [2, pytest.param(200, marks=pytest.mark.slow)])
def test_killed_at_any_moment_it_goes_on_as_if_nothing_had_been(
    runs: int, kind: str, whom: str, tmp_path: Path
) -> None:
    kills.kill(tmp_path / "world", kind, whom, runs, 0, workers=False)
