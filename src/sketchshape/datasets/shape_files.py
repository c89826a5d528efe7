"""The mesh files of a folder, those in zip archives among them, and those that no reader knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from sketchshape.datasets.walk import files_under, hidden
from sketchshape.mesh import CONVERTERS, FORMATS
from sketchshape.zips import SUFFIX, is_archive, members

Failed = Callable[[Path, str], object]


def shape_files(root: Path, failed: Failed, unread: Counter[str] | None = None) -> Iterator[Path]:
    """Give every mesh file under a folder, sorted; archives on the way are folders.

    Args:
        root: a folder or a zip archive.
        failed: called with the path of a folder, an archive or a file in one, and the reason.
        unread: here the files of shapes in formats that are not read are counted, by their suffixes.
    """

    def closed(problem: OSError) -> None:
        failed(Path(problem.filename), f"cannot be read: {problem.strerror or problem}")

    for path in (root,) if is_archive(root) else files_under(root, closed):
        for file in _inside(path, failed) if is_archive(path) else (path,):
            suffix = file.suffix.lower()
            if suffix in FORMATS:
                yield file
            elif suffix in CONVERTERS and unread is not None:
                unread[suffix] += 1


def _inside(archive: Path, failed: Failed) -> Iterator[Path]:
    try:
        found = members(archive)
    except OSError as error:
        failed(archive, str(error.strerror or error))
        return
    for name in sorted({*found.files, *found.refused}):
        path = Path(f"{archive}/{name}")
        if any(hidden(part) for part in name.split("/") if part not in ("", ".", "..")):
            continue
        if path.suffix.lower() == SUFFIX:
            failed(path, "is an archive in an archive, which is not opened; unpack the outer one")
        elif name in found.files:
            yield path
        elif path.suffix.lower() in FORMATS:
            failed(path, found.refused[name])
