"""Zip archives as folders: `lib.zip/chairs/a.obj` is a file in the folder chairs of an archive.

Nothing is unpacked to the disk. What an archive says of its sizes is not believed: they are counted while
reading.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import struct
import threading
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import Path, PurePosixPath

SUFFIX = ".zip"
RATIO = 100  # a file of a bomb is a thousand times as large as its archive, a mesh in text twenty times
FREE = 2**25  # bytes that any file may have, however well it was packed
MOST = 2**32  # bytes that no file may have
TOTAL = 2**30  # bytes that all files of any archive may have together
LISTED = 2**26  # bytes of the list of files in any archive, which is read as a whole
TAIL = 2**16 + 22 + 20 + 56  # bytes at the end of an archive that say where its list is
KEPT = 4  # archives whose lists stay in memory
CHUNK = 2**20
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
ENCRYPTED, UTF8 = 0x1, 0x800  # flags of a file
UNICODE_NAME = 0x7075  # a field beside the name

_BROKEN = (zipfile.BadZipFile, zlib.error, LZMAError, EOFError, NotImplementedError, RuntimeError, ValueError)


@dataclass(frozen=True)
class Members:
    """What is in an archive.

    Args:
        files: size in bytes, as the archive says, of each file that can be read, by its name in the archive.
        refused: the reason why another one is not read, by its name.
    """

    files: Mapping[str, int]
    refused: Mapping[str, str]


def split(path: Path) -> tuple[Path, str] | None:
    """Take the path of a file in an archive apart: the archive and the name in it; None for other paths."""
    if SUFFIX not in os.fspath(path).lower():
        return None
    for parent in reversed(path.parents):
        if is_archive(parent):
            return parent, path.relative_to(parent).as_posix()
    return None


def is_archive(path: Path) -> bool:
    """Say whether a path is a file that is named as a zip archive."""
    return path.suffix.lower() == SUFFIX and path.is_file()


def is_folder(path: Path) -> bool:
    """Say whether a path is a folder, on the disk or in an archive, or an archive itself."""
    return path.is_dir() or is_archive(path) or (split(path) is not None and bool(names(path)))


def members(archive: Path) -> Members:
    """List an archive.

    Raises:
        OSError: it cannot be read, or is no zip archive.
    """
    opened = _open(archive)
    return Members({name: info.file_size for name, info in opened.files.items()}, opened.refused)


def read(path: Path) -> bytes:
    """Read a file, on the disk or in an archive.

    Raises:
        OSError: there is none, it is broken, or it is so much larger than its archive that it is a trap.
    """
    parts = split(path)
    if parts is None:
        return path.read_bytes()
    opened, name = _open(parts[0]), parts[1]
    if name in opened.refused:
        raise OSError(opened.refused[name])
    info = opened.files.get(name)
    if info is None:
        raise FileNotFoundError(f"the archive {parts[0].name} has no file {name!r}")
    return unpack(opened.archive, info, opened.size)


def unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, size: int) -> bytes:
    """Unpack a file of an archive that has `size` bytes, and give up where it grows too large for that.

    Raises:
        OSError: it is broken, or a trap.
    """
    most = min(max(FREE, RATIO * min(info.compress_size, size)), MOST)
    pieces, total = list[bytes](), 0
    try:
        with archive.open(info) as stream:
            while piece := stream.read(CHUNK):
                total += len(piece)
                if total > most:
                    raise OSError(f"unpacks to more than {most} bytes, too many for what it is packed in")
                pieces.append(piece)
    except _BROKEN as error:
        raise OSError(f"is damaged in the archive: {error or type(error).__name__}") from error
    return b"".join(pieces)


def is_file(path: Path) -> bool:
    """Say whether there is such a file, on the disk or in an archive that can be read."""
    parts = split(path)
    if parts is None:
        return path.is_file()
    try:
        return parts[1] in _open(parts[0]).files
    except OSError:
        return False


def names(folder: Path) -> list[str]:
    """List the files and folders right in a folder, which may be an archive or in one; none if it is none."""
    try:
        parts = (folder, ".") if is_archive(folder) else split(folder)
        if parts is None:
            return os.listdir(folder)
        within = PurePosixPath(parts[1])
        inside = [PurePosixPath(name) for name in _open(parts[0]).files]
        found = [name.relative_to(within).parts[0] for name in inside if within in name.parents]
        return list(dict.fromkeys(found))
    except OSError:
        return []


def state(path: Path) -> tuple[int, int]:
    """Give the size of a file in bytes and what its time is known by.

    Returns:
        Bytes, and nanoseconds since 1970. The time of a file in an archive is that of the archive, to which
        its size is added, so that an archive that changed in either is another one.

    Raises:
        OSError: there is no such file.
    """
    parts = split(path)
    if parts is None:
        on_disk = path.stat()
        return on_disk.st_size, on_disk.st_mtime_ns
    info = _open(parts[0]).files.get(parts[1])
    if info is None:
        raise FileNotFoundError(f"the archive {parts[0].name} has no file {parts[1]!r}")
    archive = parts[0].stat()
    return info.file_size, archive.st_mtime_ns + archive.st_size


@dataclass(frozen=True)
class _Opened:
    archive: zipfile.ZipFile
    size: int
    files: dict[str, zipfile.ZipInfo]
    refused: dict[str, str]


_opened: OrderedDict[tuple[str, int, int], _Opened] = OrderedDict()
_lock = threading.Lock()


def _open(path: Path) -> _Opened:
    """Open an archive, or give it again if it is as it was."""
    at = path.stat()
    key = (os.fspath(path), at.st_size, at.st_mtime_ns)
    with _lock:
        if key not in _opened:
            if (listed := _listed(path)) > LISTED:
                raise OSError(f"its list of files has {listed} bytes, expected at most {LISTED}")
            try:
                archive = zipfile.ZipFile(path)
            except _BROKEN as error:
                raise OSError(f"is no zip archive that can be read: {error}") from error
            found = _Opened(archive, at.st_size, *_sorted_out(archive))
            total = sum(info.file_size for info in found.files.values())
            if total > max(TOTAL, RATIO * at.st_size):  # no file can give more than is said here
                raise OSError(f"its files are {total} bytes, too many for an archive of {at.st_size}")
            _opened[key] = found
            while len(_opened) > KEPT:
                _opened.popitem(last=False)  # closed when nobody reads it any more
        _opened.move_to_end(key)
        return _opened[key]


def _listed(path: Path) -> int:
    """Bytes of the list of files of an archive, as its end says; 0 where that is not found."""
    with path.open("rb") as stream:
        stream.seek(max(path.stat().st_size - TAIL, 0))
        tail = stream.read()
    at = tail.rfind(b"PK\5\6")
    size = int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0
    if size == 2**32 - 1 and (at := tail.rfind(b"PK\6\6")) >= 0:
        size = int.from_bytes(tail[at + 40 : at + 48], "little")
    return size


def _sorted_out(archive: zipfile.ZipFile) -> tuple[dict[str, zipfile.ZipInfo], dict[str, str]]:
    files: dict[str, zipfile.ZipInfo] = {}
    refused: dict[str, str] = {}
    for info in archive.infolist():
        name = _name(info)
        if name.endswith("/"):
            continue
        if reason := _refusal(name, info):
            refused[name] = reason
        else:
            files[PurePosixPath(name).as_posix()] = info
    return files, refused


def _name(info: zipfile.ZipInfo) -> str:
    r"""The name as it was meant: `\` of Windows divides folders, and many write UTF-8 without saying so."""
    name = info.orig_filename.split("\0")[0]
    if not info.flag_bits & UTF8:
        with contextlib.suppress(UnicodeError):  # it is in the old letters
            raw = name.encode("cp437")
            name = (_second_name(info.extra, raw) or raw).decode("utf-8")
    return name.replace("\\", "/")


def _second_name(extra: bytes, raw: bytes) -> bytes | None:
    """The name in UTF-8 that some write beside one in old letters, if it is of the same name."""
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == UNICODE_NAME and field[:1] == b"\1" and field[1:5] == struct.pack("<I", zlib.crc32(raw)):
            return field[5:]
    return None


def _refusal(name: str, info: zipfile.ZipInfo) -> str | None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if name.startswith("/") or re.match(r"[A-Za-z]:", name) or ".." in name.split("/"):
        return "its name leads out of the archive"
    if kind not in (0, stat.S_IFREG):
        return "is a link or a device in the archive"
    if info.flag_bits & ENCRYPTED:
        return "is encrypted in the archive; pack it without a password"
    if info.compress_type not in METHODS:
        return f"is packed with method {info.compress_type}, which is not supported; pack it with Deflate"
    return None
