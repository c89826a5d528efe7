"""Where compiled functions are kept, and that they work where nothing can be."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import pytest

from sketchshape import compiled as module
from sketchshape import say
from sketchshape.compiled import compiled
from sketchshape.files import private_folder, writable, writable_cache
from sketchshape.resources import SAMPLE


def plus(number: int) -> int:
    return number + 1


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A package whose own folder cannot be written to, before anything is chosen; gives the cache folder."""
    (tmp_path / "package").mkdir()
    (tmp_path / "package/__pycache__").write_text("a file: no folder can be made here, by root neither")
    monkeypatch.setattr(module, "__file__", str(tmp_path / "package/compiled.py"))
    monkeypatch.setattr(module, "_folder", None)
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setattr(say, "_warned", set())
    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path / "cache"


def test_a_package_that_cannot_be_written_keeps_its_code_in_the_cache_folder(closed: Path) -> None:
    assert compiled()(plus)(1) == 2
    assert list((closed / "compiled").rglob("*plus*.nbi"))
    again = compiled()(plus)
    assert again(1) == 2
    assert sum(again.stats.cache_hits.values()) == 1


def test_without_a_cache_folder_a_private_one_is_taken(closed: Path) -> None:
    closed.write_text("in the way")
    assert compiled()(plus)(1) == 2
    folder = private_folder()
    assert folder is not None
    assert folder.parent == closed.parent
    assert folder.stat().st_mode & 0o077 == 0
    assert list(folder.rglob("*plus*.nbi"))


def test_a_temporary_folder_that_others_can_write_to_is_not_taken(closed: Path) -> None:
    folder = private_folder()
    assert folder is not None
    folder.chmod(0o777)  # code is run from it
    assert private_folder() is None
    folder.rmdir()
    folder.symlink_to(closed.parent)
    assert private_folder() is None


def test_with_no_folder_at_all_it_is_compiled_each_time_and_said_once(
    closed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    closed.write_text("in the way")
    monkeypatch.setattr(module, "private_folder", lambda: None)
    assert [compiled()(plus)(1), compiled()(plus)(2)] == [2, 3]
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == said.err.count("warning: no folder can be written to") == 1


def test_a_full_disk_and_a_damaged_file_cost_time_only(closed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert compiled()(plus)(1) == 2
    for path in (closed / "compiled").rglob("*.nb?"):
        path.write_bytes(b"\x80")
    assert compiled()(plus)(1) == 2

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(numba.core.caching.IndexDataCacheFile, "save", full)
    assert compiled()(plus)(1) == 2


def test_a_cache_folder_that_cannot_be_made_is_replaced_and_said_once(
    closed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    closed.write_text("in the way")
    assert not writable(closed)
    assert writable_cache() == writable_cache() == private_folder()
    assert capsys.readouterr().err == (
        f"warning: {closed} cannot be written to, {private_folder()} is used; "
        "set SKETCHSHAPE_CACHE to another folder\n"
    )


def test_numba_is_imported_when_it_is_needed_and_functions_find_each_other(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "from sketchshape.compiled import compiled\n"
        "@compiled()\ndef one(x): return x + 1\n"
        "@compiled()\ndef two(x): return one(one(x))\n"
    )
    code = (
        "import sys, sketchshape.index.build, sketchshape.index.encode, sketchshape.search, own\n"
        "from sketchshape.render import raster\n"
        "before = own.two\n"
        "assert 'numba' not in sys.modules\n"
        "assert before(3) == 5 == before(3)\n"
        "assert own.two is before.made and own.two(1) == 3 and own.one(1) == 2\n"
        "from numba.core.dispatcher import Dispatcher\n"
        "assert isinstance(raster._fill_rows, Dispatcher)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.stderr == ""


@pytest.mark.slow
def test_a_read_only_installation_and_home_index_and_search(tmp_path: Path) -> None:
    sources = Path(module.__file__).parents[1]
    (tmp_path / "library").mkdir()
    for path in sorted((SAMPLE / "shapes/chair").iterdir())[:2]:
        shutil.copy(path, tmp_path / "library")
    shutil.copytree(sources, tmp_path / "installed", ignore=shutil.ignore_patterns("__pycache__"))
    drawing = SAMPLE / "sketches/test/chair.ndjson"
    (tmp_path / "drawing.json").write_bytes(drawing.read_bytes().splitlines()[0])
    run = f"{sys.executable} -m sketchshape"
    script = (
        "mount --make-rprivate / && mount --bind installed installed && mount -o remount,ro,bind installed "
        f"|| exit 99\n{run} index library --out index && {run} search index drawing.json"
    )
    environment = {
        **{name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"},
        "PYTHONPATH": str(tmp_path / "installed"),
        "HOME": "/proc/nope",
        "SKETCHSHAPE_CACHE": "/proc/nope/cache",
        "TMPDIR": str(tmp_path),
    }
    try:
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", script],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
            timeout=300,
        )
    except FileNotFoundError:
        pytest.skip("needs unshare")
    if done.returncode in (1, 99) and not done.stdout:
        pytest.skip(f"needs the right to mount: {done.stderr}")
    assert done.returncode == 0, done.stderr
    assert "2 shapes (2 added" in done.stdout
    assert done.stderr.count("warning") == 1, done.stderr
