"""Zip archives as folders: what is in them, what is refused by name, and traps."""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from sketchshape import zips
from sketchshape.zips import is_archive, is_file, is_folder, members, names, read, split, state


def packed(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def test_a_path_leads_into_an_archive(tmp_path: Path) -> None:
    archive = packed(tmp_path / "Lib.ZIP", {"chairs/a.obj": b"first", "b.obj": b"second"})
    inside = archive / "chairs" / "a.obj"
    assert split(inside) == (archive, "chairs/a.obj")
    assert split(archive) is None
    assert split(tmp_path / "other.zip" / "a.obj") is None
    assert is_archive(archive)
    assert read(inside) == b"first"
    assert is_file(inside)
    assert not is_file(archive / "chairs")
    assert not is_file(archive / "c.obj")
    assert sorted(names(archive)) == ["b.obj", "chairs"]
    assert names(archive / "chairs") == ["a.obj"]
    assert names(archive / "tables") == names(archive / "b.obj") == []
    assert is_folder(archive)
    assert is_folder(archive / "chairs")
    assert is_folder(tmp_path)
    assert not is_folder(inside)
    assert not is_folder(archive / "tables")
    assert members(archive).files == {"chairs/a.obj": 5, "b.obj": 6}
    with pytest.raises(FileNotFoundError, match=r"Lib\.ZIP has no file 'c\.obj'"):
        read(archive / "c.obj")


def test_a_folder_that_is_named_like_an_archive_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "lib.zip").mkdir()
    path = tmp_path / "lib.zip" / "a.obj"
    path.write_bytes(b"on the disk")
    assert split(path) is None
    assert read(path) == b"on the disk"
    assert names(tmp_path / "lib.zip") == ["a.obj"]


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_every_method_that_is_supported(tmp_path: Path, method: int) -> None:
    archive = packed(tmp_path / "a.zip", {"a.obj": bytes(range(256)) * 9000}, method)
    assert read(archive / "a.obj") == bytes(range(256)) * 9000


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/etc/passwd.obj", "leads out"),
        ("../up.obj", "leads out"),
        ("a/../../up.obj", "leads out"),
        ("C:/windows.obj", "leads out"),
        ("c:windows.obj", "leads out"),
        ("..\\up.obj", "leads out"),
        ("\\\\host\\share.obj", "leads out"),
    ],
)
def test_names_that_lead_out_are_refused_and_the_rest_goes_on(tmp_path: Path, name: str, reason: str) -> None:
    archive = packed(tmp_path / "a.zip", {name: b"bad", "good.obj": b"good"})
    found = members(archive)
    assert list(found.files) == ["good.obj"]
    assert reason in found.refused[name.replace("\\", "/")]
    assert read(archive / "good.obj") == b"good"


def changed(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))


def directory(path: Path, offset: int, value: bytes) -> None:
    """Change bytes of the first file's entry in the directory of an archive."""
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02") + offset
    data[at : at + len(value)] = value
    path.write_bytes(data)


def test_links_and_devices_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name, kind in (("link.obj", stat.S_IFLNK), ("pipe.obj", stat.S_IFIFO), ("a.obj", stat.S_IFREG)):
            info = zipfile.ZipInfo(name)
            info.create_system, info.external_attr = 3, (kind | 0o644) << 16
            archive.writestr(info, "/etc/passwd")
    found = members(tmp_path / "a.zip")
    assert list(found.files) == ["a.obj"]
    assert set(found.refused) == {"link.obj", "pipe.obj"}
    with pytest.raises(OSError, match="is a link or a device"):
        read(tmp_path / "a.zip" / "link.obj")


def test_encrypted_files_and_unknown_methods_are_refused(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", {"a.obj": b"secret", "b.obj": b"open"})
    directory(archive, 8, struct.pack("<H", 1))
    assert "encrypted" in members(archive).refused["a.obj"]
    assert read(archive / "b.obj") == b"open"
    archive = packed(tmp_path / "b.zip", {"a.obj": b"packed"})
    directory(archive, 10, struct.pack("<H", 93))
    assert "method 93" in members(archive).refused["a.obj"]


def test_damage_is_one_line(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", {"a.obj": b"some words", "b.obj": b"good"}, zipfile.ZIP_STORED)
    changed(archive, b"some words", b"sane words")
    with pytest.raises(OSError, match=r"damaged in the archive: Bad CRC-32"):
        read(archive / "a.obj")
    assert read(archive / "b.obj") == b"good"
    (tmp_path / "c.zip").write_bytes(archive.read_bytes()[:40])
    with pytest.raises(OSError, match="no zip archive that can be read"):
        members(tmp_path / "c.zip")
    assert not is_file(tmp_path / "c.zip" / "a.obj")


def test_deflate_that_is_broken(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", {"a.obj": bytes(range(256)) * 4})
    data = bytearray(archive.read_bytes())
    at = 30 + len("a.obj")
    data[at : at + 20] = b"\xff" * 20
    archive.write_bytes(data)
    with pytest.raises(OSError, match="damaged in the archive"):
        read(archive / "a.obj")


def test_names_in_utf8_with_and_without_saying_so_and_in_old_letters(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", {"st\u00fchle/\u6905.obj": b"flagged"})
    assert list(members(archive).files) == ["st\u00fchle/\u6905.obj"]
    for encoding, name in (("utf-8", "st\u00fchl.obj"), ("cp437", "st\u00fchl.obj")):
        raw = name.encode(encoding)
        archive = packed(tmp_path / f"{encoding}.zip", {"x" * len(raw): b"plain"})
        changed(archive, b"x" * len(raw), raw)
        assert list(members(archive).files) == [name]
        assert read(archive / name) == b"plain"


def test_a_second_name_in_utf8_is_taken_if_it_is_of_the_first(tmp_path: Path) -> None:
    raw = "st\u00fchl.obj".encode("cp437")
    for crc, name in ((zlib.crc32(raw), "\u6905.obj"), (1, "st\u00fchl.obj")):
        field = b"\1" + struct.pack("<I", crc) + "\u6905.obj".encode()
        info = zipfile.ZipInfo("x" * len(raw))
        info.extra = struct.pack("<HH", 0x7075, len(field)) + field
        archive = tmp_path / f"{crc}.zip"
        with zipfile.ZipFile(archive, "w") as made:
            made.writestr(info, b"plain")
        changed(archive, b"x" * len(raw), raw)
        assert list(members(archive).files) == [name]
        assert read(archive / name) == b"plain"


def test_folders_of_windows_and_odd_spellings(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", {"./in//a.obj": b"1", "x/": b""})
    assert list(members(archive).files) == ["in/a.obj"]
    archive = packed(tmp_path / "b.zip", {"in-a.obj": b"2"})
    changed(archive, b"in-a.obj", b"in\\a.obj")
    assert read(archive / "in" / "a.obj") == b"2"


def test_a_file_much_larger_than_its_archive_is_a_trap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zips, "FREE", 2**16)
    archive = packed(tmp_path / "a.zip", {"bomb.obj": bytes(2**22), "text.obj": b"v 0 0 0\n" * 5000})
    with pytest.raises(OSError, match="unpacks to more than"):
        read(archive / "bomb.obj")
    assert len(read(archive / "text.obj")) == 40000


def test_what_the_head_says_of_sizes_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zips, "FREE", 2**16)
    archive = packed(tmp_path / "a.zip", {"bomb.obj": bytes(2**22)})
    directory(archive, 20, struct.pack("<I", 2**30))  # packed size: as if it were hardly packed
    with pytest.raises(OSError, match=r"unpacks to more than|damaged"):
        read(archive / "bomb.obj")
    archive = packed(tmp_path / "b.zip", {"bomb.obj": bytes(2**22)})
    directory(archive, 24, struct.pack("<I", 100))
    with pytest.raises(OSError, match="damaged"):
        read(archive / "bomb.obj")


def test_an_archive_whose_files_share_their_bytes_is_a_trap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zips, "TOTAL", 2**20)
    archive = packed(tmp_path / "a.zip", {f"{k}.obj": bytes(2**18) for k in range(8)})
    with pytest.raises(OSError, match="too many for an archive of"):
        members(archive)


def test_a_changed_archive_is_opened_again(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", {"a.obj": b"old"})
    before = state(archive / "a.obj")
    assert read(archive / "a.obj") == b"old"
    packed(archive, {"a.obj": b"new and longer"})
    assert read(archive / "a.obj") == b"new and longer"
    assert state(archive / "a.obj") != before
    assert state(archive / "a.obj")[0] == len(b"new and longer")
    assert state(archive) == (archive.stat().st_size, archive.stat().st_mtime_ns)


def test_many_archives_do_not_stay_open(tmp_path: Path) -> None:
    for k in range(2 * zips.KEPT):
        archive = packed(tmp_path / f"{k}.zip", {"a.obj": b"%d" % k})
        assert read(archive / "a.obj") == b"%d" % k
    assert len(zips._opened) <= zips.KEPT
