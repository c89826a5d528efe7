"""What lies in a library of mesh files, and how a file is known again."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sketchshape.datasets import files_under
from sketchshape.files import digest, file_digest
from sketchshape.mesh import FORMATS, companions


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


def mesh_files(root: Path) -> Iterator[File | tuple[Path, str]]:
    """Find all mesh files of a library, each folder once, also where links make a loop.

    Args:
        root: the folder.

    Yields:
        The files, sorted; path and reason for a file or a folder that cannot even be looked at.
    """
    closed: list[OSError] = []
    for path in files_under(root, closed.append):
        if path.suffix.lower() not in FORMATS:
            continue
        try:
            os.fspath(path).encode()
            if not stat.S_ISREG(path.stat().st_mode):  # to open a pipe would wait for ever
                yield path, "is not a file but a pipe, a socket or a device"
                continue
            states = [file.stat() for file in (path, *companions(path))]
        except UnicodeEncodeError:
            yield as_text(path), "its name is not valid UTF-8; rename it"
        except OSError as error:
            yield path, f"cannot be read: {error.strerror or error}"
        else:
            tags = path.relative_to(root).parent.parts
            yield File(path, sum(one.st_size for one in states), max(one.st_mtime_ns for one in states), tags)
    for problem in closed:
        yield as_text(Path(problem.filename)), f"cannot be read: {problem.strerror or problem}"


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
