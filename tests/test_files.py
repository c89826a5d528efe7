"""Atomic writing, hashes, the cache folder, progress."""

from __future__ import annotations

import hashlib
import pickle
import stat
from pathlib import Path

import pytest

from sketchshape.errors import MeshError, MissingExtraError, SketchError, demand_packages
from sketchshape.files import atomic, cache_dir, digest, file_digest, write_json, write_text
from sketchshape.progress import Steps


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "value.txt"
    path.write_text("old")

    def write_half() -> None:
        with atomic(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_finished_write_is_whole_and_readable_by_others(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "value.txt"
    with atomic(path) as temporary:
        temporary.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    plain = tmp_path / "plain"
    plain.touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


def test_texts_are_utf8_and_one_that_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "value.txt"
    write_text(path, "mean ± 1\n")
    assert path.read_bytes() == "mean ± 1\n".encode()
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "half \udc80")
    assert path.read_bytes() == "mean ± 1\n".encode()
    assert list(path.parent.iterdir()) == [path]
    write_json(path, {"a": ["±"]})
    assert path.read_bytes() == b'{\n  "a": [\n    "\\u00b1"\n  ]\n}\n'


def test_digests_tell_order_borders_and_kinds_apart() -> None:
    different = [
        digest("ab", "c"),
        digest("a", "bc"),
        digest("c", "ab"),
        digest(b"abc"),
        digest("abc"),
        digest(1),
    ]
    assert len(set(different)) == len(different)
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


def test_a_file_digest_is_its_sha256(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"sketch" * 100_000)
    assert file_digest(path) == hashlib.sha256(b"sketch" * 100_000).hexdigest()


def test_the_cache_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SKETCHSHAPE_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_dir() == tmp_path / "xdg" / "sketchshape"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_dir() == tmp_path / ".cache" / "sketchshape"
    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path / "own"))
    assert cache_dir() == tmp_path / "own"


def test_without_a_home_the_cache_folder_is_no_folder_named_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SKETCHSHAPE_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)  # a user whom the system does not know
    assert cache_dir().is_absolute()
    assert "~" not in str(cache_dir())


@pytest.mark.parametrize("kind", [MeshError, SketchError])
def test_file_errors_survive_the_way_between_processes(kind: type[MeshError]) -> None:
    error = pickle.loads(pickle.dumps(kind("a.off", "no faces", line=3)))
    assert type(error) is kind
    assert (error.path, error.cause, error.line) == (Path("a.off"), "no faces", 3)
    assert str(error) == "a.off, line 3: no faces"
    assert str(kind("a.stl", "short", byte=84)) == "a.stl, byte 84: short"


def test_a_missing_package_is_named_with_the_command() -> None:
    demand_packages("train", "numpy", "json")
    with pytest.raises(MissingExtraError) as caught:
        demand_packages("train", "numpy", "absent_one", "absent_two")
    assert str(caught.value) == "absent_one is not installed; run: pip install 'sketchshape[train]'"


def test_progress_says_what_was_done_and_how_fast(capsys: pytest.CaptureFixture[str]) -> None:
    with Steps("render", 3, "shapes") as steps:
        for _ in range(3):
            steps.advance()
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("render: 3/3 in ")
    assert "shapes/s" in said.err


def test_quiet_progress_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Steps("render", 3, quiet=True) as steps:
        steps.advance(3)
    assert capsys.readouterr() == ("", "")
