"""What lies in a library of mesh files, and how a file is known again."""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sketchshape.datasets import shape_files
from sketchshape.files import digest, file_digest
from sketchshape.mesh import companions
from sketchshape.zips import split, state


@dataclass(frozen=True)
class File:
    """A mesh file, not opened yet.

    Args:
        path: absolute; links on the way are kept.
        size: in bytes, with the files that it refers to.
        mtime: latest change in nanoseconds since 1970, with those files.
        tags: names of the folders that it is in, from the library's root.
    """

    path: Path
    size: int
    mtime: int
    tags: tuple[str, ...]

    def hash(self) -> str:
        """Hash the content: SHA-256 of the file, with the files that it refers to where there are any.

        Raises:
            OSError: it cannot be read.
        """
        own, *others = [file_digest(path) for path in (self.path, *companions(self.path))]
        return digest([own, *others]) if others else own


def mesh_files(root: Path, unread: Counter[str] | None = None) -> Iterator[File | tuple[Path, str]]:
    """Find all mesh files of a library, each folder once, also where links make a loop.

    Args:
        root: the folder, a zip archive, or a folder in one; archives in a folder are folders.
        unread: here the files of shapes in formats that are not read are counted, by their suffixes.

    Yields:
        The files, sorted; path and reason for a file or a folder that cannot even be looked at.
    """
    closed: list[tuple[Path, str]] = []
    for path in shape_files(root, lambda path, reason: closed.append((path, reason)), unread):
        try:
            os.fspath(path).encode()
            zipped = split(path) is not None
            if not zipped and not stat.S_ISREG(path.stat().st_mode):  # to open a pipe would wait for ever
                yield path, "is not a file but a pipe, a socket or a device"
                continue
            states = [state(file) for file in (path, *companions(path))]
        except UnicodeEncodeError:
            yield as_text(path), "its name is not valid UTF-8; rename it"
        except OSError as error:
            yield path, f"cannot be read: {error.strerror or error}"
        else:
            sizes, times = zip(*states, strict=True)
            yield File(path, sum(sizes), max(times), tags_of(path, root))
    for path, reason in closed:
        yield as_text(path), reason


def tags_of(path: Path, root: Path) -> tuple[str, ...]:
    """Name the folders that a file is in, from the root on; of an archive on the way without its suffix."""
    parts = split(path)
    if parts is None or root.is_relative_to(parts[0]):
        return path.relative_to(root).parent.parts
    archive, name = parts
    return (*archive.relative_to(root).parent.parts, archive.stem, *PurePosixPath(name).parent.parts)


def as_text(path: Path) -> Path:
    r"""Give a path that can be stored: one that is not UTF-8 with its odd bytes as `\xff`."""
    return Path(os.fspath(path).encode(errors="surrogateescape").decode(errors="backslashreplace"))


def tokens(name: str) -> tuple[str, ...]:
    """Cut a name into its words: `Bed_DoubleA-2` gives bed, double, a, 2."""
    parts = re.findall(r"[^\W\d_]+|\d+", name)
    words = [
        word
        for part in parts
        for word in re.findall(r"[^\W\d_A-Z]+|[A-Z]+(?![^\W\d_A-Z])|[A-Z][^\W\d_A-Z]*", part) or [part]
    ]
    return tuple(word.casefold() for word in words)
