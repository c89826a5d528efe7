"""A library with zip archives in it: they are folders of it, to every command."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from mesh_files import TETRA, obj, off, soup, stl_binary, tetra_gltf, tetra_soup
from search_library import projection

from sketchshape import zips
from sketchshape.cli.main import main
from sketchshape.errors import MeshError, UsageError
from sketchshape.index import IndexSummary, build_index
from sketchshape.index.library import File, mesh_files
from sketchshape.mesh import load_mesh
from sketchshape.render.workers import stop_idle
from sketchshape.search import Searcher

GLTF = tetra_gltf()


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path / "cache"))
    root = tmp_path / "library"
    root.mkdir()
    (root / "loose.off").write_bytes(off(TETRA * [1, 2, 1]))
    pack(
        root / "sub" / "lib.zip",
        {
            "chairs/a.obj": obj(),
            "chairs/b.stl": stl_binary(),
            "top.off": off(TETRA * [3, 1, 1]),
            "scene/a.gltf": GLTF.gltf("a.bin"),
            "scene/a.bin": GLTF.binary,
            "__MACOSX/chairs/._a.obj": b"fork",
            "chairs/.DS_Store": b"",
            "read me.txt": b"words",
            "old.fbx": b"x",
        },
    )
    return root


def pack(path: Path, files: dict[str, bytes]) -> None:
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)


def index(root: Path, at: str = "../index", **options) -> IndexSummary:
    return build_index(
        root, Path(os.path.normpath(root / at)), bundle=projection(), up="y", quiet=True, workers=1, **options
    )


def paths(root: Path) -> list[str]:
    entries = Searcher.open(root.parent / "index", projection()).catalogue.entries()
    return sorted(entry.path.relative_to(root).as_posix() for entry in entries)


def test_files_of_an_archive_are_files_of_the_library(library: Path) -> None:
    summary = index(library)
    assert (summary.added, summary.failed, summary.unread) == (5, [], {".fbx": 1})
    inside = ["sub/lib.zip/" + name for name in ("chairs/a.obj", "chairs/b.stl", "scene/a.gltf", "top.off")]
    assert paths(library) == ["loose.off", *inside]
    searcher = Searcher.open(library.parent / "index", projection())
    tags = {entry.path.name: entry.tags for entry in searcher.catalogue.entries()}
    assert tags["a.obj"] == ("sub", "lib", "chairs")
    assert tags["top.off"] == ("sub", "lib")
    assert {path.name for path in searcher.search(None, words="chairs").paths} == {"a.obj", "b.stl"}


def test_meshes_and_what_lies_beside_them_are_read_from_the_archive(library: Path) -> None:
    archive = library / "sub" / "lib.zip"
    for name in ("chairs/a.obj", "chairs/b.stl", "scene/a.gltf"):
        assert soup(load_mesh(archive / name)) == tetra_soup()
    with pytest.raises(MeshError, match=r"lib\.zip has no file 'none\.obj'"):
        load_mesh(archive / "none.obj")
    with pytest.raises(MeshError, match=r"is an archive; name a file in it"):
        load_mesh(archive)


def test_a_file_has_the_hash_that_it_has_on_the_disk(library: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(library / "sub" / "lib.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
    for name in ("chairs/a.obj", "scene/a.gltf"):
        packed = File(library / "sub" / "lib.zip" / name, 0, 0, ())
        assert packed.hash() == File(tmp_path / "unpacked" / name, 0, 0, ()).hash()
    packed_gltf = next(
        one for one in mesh_files(library) if isinstance(one, File) and one.path.suffix == ".gltf"
    )
    assert packed_gltf.size == len(GLTF.gltf("a.bin")) + len(GLTF.binary)


def test_an_archive_that_stayed_is_not_read_and_a_changed_one_is(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index(library)
    with monkeypatch.context() as patch:
        patch.setattr("sketchshape.files.read", lambda path: pytest.fail("read again"))
        assert index(library).unchanged == 5
    archive = library / "sub" / "lib.zip"
    pack(archive, {"chairs/a.obj": obj(TETRA * 2), "chairs/b.stl": stl_binary(), "new.obj": obj(TETRA * 3)})
    summary = index(library)
    assert (summary.added, summary.changed, summary.removed) == (1, 1, 2)
    assert (summary.unchanged, summary.moved) == (2, 0)
    archive.unlink()
    assert index(library).removed == 3


def test_a_file_that_is_in_an_archive_still_has_not_moved(library: Path) -> None:
    index(library)
    other = library.parent / "other"
    other.mkdir()
    (other / "copy.obj").write_bytes(obj())
    summary = index(other)
    assert (summary.added, summary.moved) == (1, 0)
    shutil.move(library / "sub" / "lib.zip", library / "moved.zip")
    assert index(library).moved == 4


def test_what_is_wrong_with_an_archive_is_named_and_the_rest_goes_on(library: Path) -> None:
    index(library)
    sub = library / "sub"
    pack(
        sub / "odd.zip", {"../up.obj": obj(), "inner.zip": b"PK", "ok.obj": obj(TETRA * 4), "../up.txt": b""}
    )
    (sub / "broken.zip").write_bytes(b"PK\3\4 no more")
    (sub / "lib.zip").write_bytes((sub / "lib.zip").read_bytes()[:-30])
    summary = index(library)
    failed = {os.path.relpath(path, sub): reason for path, reason in summary.failed}
    assert (summary.added, summary.removed, summary.shapes) == (1, 0, 6)  # what cannot be seen is not gone
    assert "leads out of the archive" in failed.pop("up.obj")
    assert "archive in an archive" in failed.pop("odd.zip/inner.zip")
    assert set(failed) == {"broken.zip", "lib.zip"}
    assert all("no zip archive that can be read" in reason for reason in failed.values())


def test_a_damaged_file_of_an_archive_is_one_failure(library: Path) -> None:
    archive = library / "stored.zip"
    with zipfile.ZipFile(archive, "w") as stored:
        stored.writestr("a.obj", obj())
        stored.writestr("b.obj", obj(TETRA * 7))
    data = archive.read_bytes()
    archive.write_bytes(data.replace(b"v 0.0 3.0 0.0", b"v 0.0 4.0 0.0", 1))
    summary = index(library)
    assert summary.added == 6
    assert [(path.name, "Bad CRC-32" in reason) for path, reason in summary.failed] == [("a.obj", True)]


def test_an_archive_alone_is_a_library(library: Path) -> None:
    archive = library / "sub" / "lib.zip"
    assert index(archive, at="../../../index").added == 4
    searcher = Searcher.open(library.parent / "index", projection())
    assert {entry.tags for entry in searcher.catalogue.entries()} == {(), ("chairs",), ("scene",)}


def test_a_folder_in_an_archive_is_a_part_of_the_library(library: Path) -> None:
    index(library)
    chairs = library / "sub" / "lib.zip" / "chairs"
    summary = index(chairs, at="../../../../index")
    assert (summary.added, summary.unchanged, summary.removed, summary.shapes) == (0, 2, 0, 5)
    summary = index(chairs, at="../../../../only")
    assert (summary.added, summary.unread) == (2, {})
    with pytest.raises(UsageError, match="no such folder"):
        index(library / "sub" / "lib.zip" / "tables")


def test_render_takes_archives_and_counts_what_is_not_read(
    library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (library / "one.max").write_bytes(b"")
    out = library.parent / "views"
    words = ["--out", str(out), "--count", "2", "--size", "32", "--up", "y"]
    assert main(["render", str(library), *words, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["rendered"], answer["unread"]) == (5, {".fbx": 1, ".max": 1})
    assert main(["render", str(library / "sub" / "lib.zip"), *words]) == 0
    said = capsys.readouterr().out
    assert "4 of 4 shapes" in said
    assert "not read: 1 .fbx" in said
    assert main(["render", str(library / "sub" / "lib.zip" / "top.off"), *words]) == 0
    assert sorted(path.name for path in out.glob("*.png")) == [
        *("a-1.png", "a-2.png", "b.png", "loose.png", "top.png")
    ]
    capsys.readouterr()
    assert main(["render", str(library / "sub" / "lib.zip" / "chairs"), *words]) == 0
    assert "2 of 2 shapes" in capsys.readouterr().out


def test_search_like_takes_the_path_of_a_file_in_an_archive(
    library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["index", str(library), "--out", str(library.parent / "real"), "--up", "y"]) == 0
    assert "not read: 1 .fbx" in capsys.readouterr().out
    like = str(library / "sub" / "lib.zip" / "chairs" / "a.obj")
    assert main(["search", str(library.parent / "real"), "--like", like, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["results"]
    assert len(found) == 4
    assert {Path(one["path"]).name for one in found if one["score"] > 0.999} >= {"b.stl", "a.gltf"}


def test_a_folder_of_formats_that_are_not_read_says_what_to_do(tmp_path: Path) -> None:
    for name in ("a.fbx", "b.FBX", "c.blend"):
        (tmp_path / name).write_bytes(b"x")
    unread: Counter[str] = Counter()
    assert list(mesh_files(tmp_path, unread)) == []
    assert unread == {".fbx": 2, ".blend": 1}
    with pytest.raises(UsageError, match=r"not read: 2 \.fbx, 1 \.blend; convert them to GLB"):
        index(tmp_path, at="../i")


def test_what_lacks_a_package_is_tried_again(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("collada", reason="needs the extra [dae]")
    (library / "a.dae").write_text("<COLLADA>")
    (library.parent / "without").mkdir()
    (library.parent / "without/collada.py").write_text("raise ImportError('as if it were not there')")
    with monkeypatch.context() as patch:
        patch.syspath_prepend(str(library.parent / "without"))
        stop_idle()  # workers look for packages where their caller did when they were started
        (failed,) = index(library).failed
        assert failed[1] == "collada is not installed; run: pip install 'sketchshape[dae]'"
    stop_idle()
    (failed,) = index(library).failed
    assert failed[1].startswith("broken COLLADA")


def test_the_page_gives_out_files_of_archives(library: Path) -> None:
    pytest.importorskip("fastapi", reason="needs the extra [serve]")
    from sketchshape.web.library import Library
    from sketchshape.web.limits import Limits

    index(library)
    searcher = Searcher.open(library.parent / "index", projection())
    shown = Library(searcher, Limits())
    by_name = {entry.path.name: entry.id for entry in searcher.catalogue.entries()}
    assert shown.file(by_name["a.obj"]) == ("a.obj", obj())
    assert shown.file(by_name["a.gltf"]) == ("a.gltf", GLTF.gltf("a.bin"))
    assert shown.glb(by_name["a.gltf"])[:4] == b"glTF"
    assert shown.thumbnail(by_name["b.stl"])[:4] == b"\x89PNG"


def test_a_list_of_files_that_is_too_long_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as stream:
        for number in range(100):
            stream.writestr(f"{number}.off", "OFF")
    assert len(zips.members(archive).files) == 100
    monkeypatch.setattr(zips, "LISTED", 1000)
    os.utime(archive, (1, 1))  # it is another one
    with pytest.raises(OSError, match=r"its list of files has \d+ bytes, expected at most 1000"):
        zips.members(archive)
