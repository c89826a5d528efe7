"""Files that are never half written, and the hashes by which things are known."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from sketchshape.say import warn
from sketchshape.zips import read, split

LEFT = re.compile(r"\.\w[^/]*-[a-z0-9_]{8}(\.\w+)?")
"""Names of what was half written when a process was killed: those of temporary files and folders."""


@contextlib.contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` that becomes `path` when the block ends well.

    Args:
        path: the file to be written; its folder is made.

    Yields:
        The path to write to. After an exception it is removed and `path` is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem[:40]}-", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        mode = 0o666 & ~_umask()
        temporary.chmod(mode)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def sweep(folder: Path, name: str = "") -> None:
    """Remove what killed processes left half written in a folder that this process alone writes to.

    Args:
        folder: it may be absent.
        name: only what was to become the file or folder of this name.
    """
    for path in folder.glob(f".{name}-*" if name else ".*-*"):
        if LEFT.fullmatch(path.name):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file as UTF-8, whole or not at all."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented JSON, atomically."""
    write_text(path, json.dumps(value, indent=2) + "\n")


def digest(*parts: bytes | str | Any) -> str:
    """Hash bytes, strings and JSON values, in order, to 64 hexadecimal digits (SHA-256)."""
    total = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else json.dumps(part, sort_keys=True).encode()
        total.update(len(data).to_bytes(8, "little"))
        total.update(data)
    return total.hexdigest()


def file_digest(path: Path) -> str:
    """Hash the content of a file, on the disk or in a zip archive, to 64 hexadecimal digits (SHA-256).

    Raises:
        OSError: there is no such file, or it is a pipe or a device, which may have no end.
    """
    if split(path):
        return hashlib.sha256(read(path)).hexdigest()
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "is not a regular file")
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def cache_dir() -> Path:
    """The folder for what can be made again: SKETCHSHAPE_CACHE, else where the system has such folders."""
    if chosen := os.environ.get("SKETCHSHAPE_CACHE"):
        return Path(os.path.expanduser(chosen))
    with contextlib.suppress(RuntimeError):  # nobody knows a home
        folder = user_cache_path("sketchshape", appauthor=False)
        if folder.is_absolute():
            return folder
    return private_folder() or Path(os.devnull, "sketchshape")  # which cannot be made, and that is said then


def writable(folder: Path) -> bool:
    """Make a folder where there is none, and say whether a file can be written to it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except (OSError, ValueError):
        return False
    return True


def private_folder() -> Path | None:
    """Give a temporary folder that this user alone can write to; None where there can be none."""
    try:
        folder = Path(tempfile.gettempdir(), _own_name())
        folder.mkdir(0o700, exist_ok=True)
        state = folder.lstat()  # somebody else may have been there first
    except OSError:
        return None
    alone = not hasattr(os, "getuid") or (state.st_uid == os.getuid() and not state.st_mode & 0o022)
    return folder if stat.S_ISDIR(state.st_mode) and alone and writable(folder) else None


def writable_cache() -> Path:
    """Give the cache folder, or a private one, with a warning, where it cannot be written to.

    Raises:
        OSError: neither can be.
    """
    folder = cache_dir()
    if writable(folder):
        return folder
    other = private_folder()
    if other is None:
        raise OSError(errno.EACCES, f"{folder} cannot be written to; set SKETCHSHAPE_CACHE to another folder")
    warn(f"{folder} cannot be written to, {other} is used; set SKETCHSHAPE_CACHE to another folder")
    return other


def _own_name() -> str:
    return f"sketchshape-{os.getuid()}" if hasattr(os, "getuid") else "sketchshape"


def _umask() -> int:
    # The mask cannot be read without setting it; 0o022 is put in place only between these two calls.
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
