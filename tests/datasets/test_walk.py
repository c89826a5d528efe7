"""What a system keeps beside files, or what was deleted, is no part of a folder of shapes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from search_library import box, library

from sketchshape.cli.main import main
from sketchshape.datasets import files_under
from sketchshape.datasets.walk import hidden
from sketchshape.index.library import mesh_files

SYSTEM = (
    *(
        "#recycle",
        "#snapshot",
        "@eaDir",
        "@tmp",
        "@Recycle",
        "@Recently-Snapshot",
        "$RECYCLE.BIN",
        "$Recycle.Bin",
    ),
    *("System Volume Information", "SYSTEM VOLUME INFORMATION", "RECYCLER", "lost+found", "LOST.DIR"),
    *(".Trash", ".Trash-1000", ".Trashes", ".snapshots", ".snapshot", ".zfs", ".git", ".stversions"),
    *(".dropbox.cache", ".Spotlight-V100", ".fseventsd", ".thumbnails", "__MACOSX", "Temporary Items"),
)
OF_PEOPLE = (
    "Lost+Found",
    "recycler",
    "recycle",
    "snapshot",
    "trash",
    "tmp",
    "#1",
    "@home",
    "$5",
    "_old",
    "system",
)


@pytest.mark.parametrize("name", SYSTEM)
def test_a_system_folder_is_left_out(name: str, tmp_path: Path) -> None:
    kept = box(tmp_path / "chairs" / "a.off", (1, 2, 3))
    for folder in (name, f"chairs/{name}", f"{name}/deep"):
        box(tmp_path / folder / "a.off", (1, 2, 3))
    assert list(files_under(tmp_path)) == [kept]


@pytest.mark.parametrize("name", OF_PEOPLE)
def test_a_folder_of_people_is_not(name: str, tmp_path: Path) -> None:
    path = box(tmp_path / name / "a.off", (1, 2, 3))
    assert list(files_under(tmp_path)) == [path]


def test_files_of_a_system_are_left_out() -> None:
    names = ("._chair.obj", ".DS_Store", "Thumbs.db", "THUMBS.DB", "desktop.ini", "ehthumbs.db", ".chair.obj")
    assert [name for name in names if not hidden(name)] == []


def test_render_leaves_out_what_an_index_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = library(tmp_path / "library")
    for name in SYSTEM:
        box(root / name / "gone.off", (1, 2, 3))
    assert main(["render", str(root), "--out", str(tmp_path / "views"), "--count", "1"]) == 0
    assert "6 of 6 shapes rendered" in capsys.readouterr().out
    assert len(list(mesh_files(root))) == len(list((tmp_path / "views").iterdir())) == 6


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file system whose names are any bytes")
def test_render_goes_on_past_names_that_are_not_utf8_or_too_long(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, views = tmp_path / "library", tmp_path / "views"
    odd = os.fsdecode(b"St\xfchle")
    for name in (odd, "z", "x" * 251, "a/b", "c/b", "b-1"):
        box(root / f"{name}.off", (1, 2, 3))
    box(root / ("x" * 250 + ".stl"), (1, 2, 3))  # not an STL: one failure beside
    main(["render", str(root), "--out", str(views), "--count", "1"])
    said = capsys.readouterr()
    assert {path.stem for path in views.iterdir()} == {odd, "z", "x" * 251, "b-1", "b-2", "b-3"}
    assert "6 of 7 shapes rendered" in said.out
    assert said.err.count("skipped ") == 1
