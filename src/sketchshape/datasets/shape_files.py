"""The mesh files of a folder, those in zip archives among them, and those that no reader knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from sketchshape.datasets.walk import files_under, hidden
from sketchshape.mesh import CONVERTERS, FORMATS
from sketchshape.zips import SUFFIX, is_archive, members, split

Failed = Callable[[Path, str], object]


def shape_files(root: Path, failed: Failed, unread: Counter[str] | None = None) -> Iterator[Path]:
    """Give every mesh file under a folder, sorted; archives on the way are folders.

    Args:
        root: a folder, a zip archive, or a folder in one.
        failed: called with the path of a folder, an archive or a file in one, and the reason.
        unread: here the files of shapes in formats that are not read are counted, by their suffixes.
    """
    for file in all_files(root, failed):
        suffix = file.suffix.lower()
        if suffix in FORMATS:
            yield file
        elif suffix in CONVERTERS and unread is not None:
            unread[suffix] += 1


def all_files(root: Path, failed: Failed) -> Iterator[Path]:
    """Give every file under a folder, of whatever kind, sorted; archives on the way are folders.

    Args:
        root: a folder, a zip archive, or a folder in one.
        failed: called with the path of a folder, an archive or a file in one, and the reason.
    """

    def closed(problem: OSError) -> None:
        failed(Path(problem.filename), f"cannot be read: {problem.strerror or problem}")

    parts = split(root)
    archive = parts[0] if parts else root
    for path in (archive,) if is_archive(archive) else files_under(root, closed):
        yield from _inside(path, root, failed) if is_archive(path) else (path,)


def _inside(archive: Path, root: Path, failed: Failed) -> Iterator[Path]:
    """Give the files of an archive, of those in `root` where that is a folder in the archive."""
    try:
        found = members(archive)
    except OSError as error:
        failed(archive, str(error.strerror or error))
        return
    for name in sorted({*found.files, *found.refused}):
        path = Path(f"{archive}/{name}")
        if any(hidden(part) for part in name.split("/") if part not in ("", ".", "..")):
            continue
        if root.is_relative_to(archive) and not path.is_relative_to(root):
            continue
        if path.suffix.lower() == SUFFIX:
            failed(path, "is an archive in an archive, which is not opened; unpack the outer one")
        elif name in found.files:
            yield path
        elif path.suffix.lower() in FORMATS:
            failed(path, found.refused[name])
