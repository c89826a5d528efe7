"""A library of mesh files to an index, and an index to the present state of its library."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sketchshape.encoders.bundle import Bundle
from sketchshape.errors import FileError, SketchshapeError, UsageError
from sketchshape.index.catalogue import NAME, Catalogue
from sketchshape.index.changes import Changes, Unknown
from sketchshape.index.contents import compact, group, keep, remove_unused
from sketchshape.index.library import File, as_text, mesh_files
from sketchshape.progress import Steps

KEEP_EVERY = 2.0  # seconds between two moments from which an interrupted run goes on
LOCK = "lock.sqlite"


@dataclass(frozen=True)
class IndexSummary:
    """What a run of indexing found and did.

    Args:
        added: files that are new.
        changed: files with another content than before.
        moved: files of a known content at a new place, which are not at the old one any more.
        removed: files that are gone.
        unchanged: files as they were; most were not even opened.
        failed: files under the folder that could not be indexed, with the reasons.
        groups: groups of two or more near-identical shapes, in the whole index.
        shapes: in the whole index.
    """

    added: int
    changed: int
    moved: int
    removed: int
    unchanged: int
    failed: list[tuple[Path, str]]
    groups: int
    shapes: int


def build_index(
    folder: str | Path,
    index: str | Path,
    *,
    bundle: Bundle | None = None,
    up: str = "y",
    prune: bool = False,
    retry: bool = False,
    fresh: bool = False,
    workers: int | None = None,
    quiet: bool = False,
) -> IndexSummary:
    """Bring an index to the state of a folder: only what is new, changed, moved or gone is worked on.

    Can be stopped at any moment, by force too: the index opens, and the next call goes on from there.

    Args:
        folder: the library, or a part of it: what is indexed beside the folder stays.
        index: folder of the index; made where there is none.
        bundle: the encoders; None is the bundle that ships.
        up: axis of the files that points up: y, z, x, -y, -z, -x.
        prune: also remove every shape that is not under `folder`.
        retry: try again the files that failed before and have not changed.
        fresh: remove what the index holds first.
        workers: files in work at once; None is one for each core.
        quiet: show no progress.

    Returns:
        What was done.

    Raises:
        UsageError: `folder` is no folder, has no mesh files, or `index` is a folder of something else.
        ArtefactError: the index is damaged, or was made with another bundle or renderer.
        SketchshapeError: another process works on the index.
    """
    root, target = Path(os.path.abspath(folder)), Path(index)
    if not root.is_dir():
        raise UsageError(f"{folder}: no such folder; expected one with mesh files in it")
    bundle = Bundle.open() if bundle is None else bundle
    files, failures = _walk(root)
    _claim(target)
    with _alone(target):
        if fresh:
            for path in (target / NAME, *target.glob("vectors-*.f32")):
                path.unlink(missing_ok=True)
        with Catalogue(target, create=True) as catalogue:
            catalogue.check_made_with(bundle)
            changes = Changes(catalogue, root, up)
            unknown = changes.apply(files, failures, prune=prune, retry=retry, workers=workers)
            _encode(catalogue, bundle, changes, unknown, workers, quiet)
            remove_unused(catalogue)
            groups = group(catalogue, bundle)
            compact(catalogue, bundle.numbers)
            failed = [one for one in catalogue.failures() if one[0].is_relative_to(as_text(root))]
            counts = changes.counts
            return IndexSummary(
                counts["added"],
                counts["changed"],
                counts["moved"],
                counts["removed"],
                counts["unchanged"],
                failed,
                groups,
                len(catalogue),
            )


def _walk(root: Path) -> tuple[list[File], dict[Path, str]]:
    files: list[File] = []
    failures: dict[Path, str] = {}
    for found in mesh_files(root):
        if isinstance(found, File):
            files.append(found)
        else:
            failures[found[0]] = found[1]
    if not files and not failures:
        raise UsageError(f"{root}: no mesh files in it; nothing was changed")
    return files, failures


def _encode(
    catalogue: Catalogue,
    bundle: Bundle,
    changes: Changes,
    unknown: Mapping[str, Unknown],
    workers: int | None,
    quiet: bool,
) -> None:
    """Render and encode what is unknown, and keep what is ready every few seconds."""
    if not unknown:
        return
    from sketchshape.index.encode import Encoded, encode

    keys = list(unknown)
    ready: list[tuple[str, Encoded | FileError]] = []
    kept = time.monotonic()
    try:
        with Steps("index", len(keys), "shapes", quiet=quiet) as steps:
            paths = [unknown[key].files[0].path for key in keys]
            for number, result in encode(paths, bundle, up=changes.up, workers=workers):
                ready.append((keys[number], result))
                steps.advance()
                if time.monotonic() - kept > KEEP_EVERY:
                    keep(catalogue, bundle, changes, unknown, ready)
                    ready, kept = [], time.monotonic()
    finally:
        keep(catalogue, bundle, changes, unknown, ready)


def _claim(target: Path) -> None:
    """Take a folder for an index; one that holds something else is not touched."""
    if target.exists() and not target.is_dir():
        raise UsageError(f"{target} is a file; expected a folder for the index")
    if (
        target.is_dir()
        and not any((target / name).is_file() for name in (NAME, LOCK))
        and any(target.iterdir())
    ):
        raise UsageError(f"{target} is not empty and holds no index; choose another folder with --out")
    target.mkdir(parents=True, exist_ok=True)


@contextlib.contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Hold the index for this process: a lock that the system lets go of whatever ends the process."""
    lock = sqlite3.connect(target / LOCK, timeout=0, isolation_level=None)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        raise SketchshapeError(f"{target}: another process is indexing it ({error}); wait for it") from None
    try:
        yield
    finally:
        lock.close()
