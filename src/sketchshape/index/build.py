"""A library of mesh files to an index, and an index to the present state of its library."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from sketchshape.encoders.bundle import Bundle
from sketchshape.errors import ArtefactError, SketchshapeError, UsageError
from sketchshape.files import writable
from sketchshape.index.catalogue import NAME, Catalogue, set_fact
from sketchshape.index.changes import Changes
from sketchshape.index.choices import check_way, choose_folder
from sketchshape.index.contents import compact, group, remove_unused
from sketchshape.index.held import bring, held_by
from sketchshape.index.library import File, as_text, mesh_files
from sketchshape.index.lock import LOCK, alone
from sketchshape.index.schema import KEPT, forget_shapes
from sketchshape.index.standing import Standing
from sketchshape.mesh import unread_files
from sketchshape.render.limits import MEMORY, TIMEOUT, Limits
from sketchshape.zips import is_folder


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
        turned: shapes that stand otherwise than before, though their files are the same.
        unsure: shapes that are searched in several ways up, in the whole index.
        warned: files under the folder of which something was left out or guessed, with what.
        unread: how many files of shapes under the folder have a format that is not read, by suffix.
    """

    added: int
    changed: int
    moved: int
    removed: int
    unchanged: int
    failed: list[tuple[Path, str]]
    groups: int
    shapes: int
    turned: int
    unsure: int
    warned: list[tuple[Path, tuple[str, ...]]]
    unread: dict[str, int]


def build_index(
    folder: str | Path,
    index: str | Path,
    *,
    bundle: Bundle | None = None,
    up: str | None = None,
    prune: bool = False,
    retry: bool = False,
    fresh: bool = False,
    workers: int | None = None,
    timeout: float = TIMEOUT,
    memory: float = MEMORY,
    quiet: bool = False,
    engine: str | None = None,
    engine_url: str | None = None,
) -> IndexSummary:
    """Bring an index to the state of a folder: only what is new, changed, moved or gone is worked on.

    Can be stopped at any moment, by force too: the index opens, and the next call goes on from there.

    Args:
        folder: the library, or a part of it, or a zip archive: what is indexed beside the folder stays.
        index: folder of the index; made where there is none.
        bundle: the encoders; None is the bundle that ships.
        up: axis that points up in the files, y, z, x, -y, -z or -x, or auto, which judges each shape: chosen
            for the folder from now on, but for files that say it themselves, and for folders in it that have
            a choice of their own; None keeps to what was chosen before, and judges the others.
        prune: also remove every shape that is not under `folder`.
        retry: try again the files that failed before and have not changed.
        fresh: remove what the index holds first, but for the choices of ways up.
        workers: files in work at once; None is one for each core.
        timeout: seconds that a file may take in each step; one that takes more is a failure like others.
        memory: bytes that a file may take, on Linux; one that takes more is a failure like others.
        quiet: show no progress.
        engine: that holds the vectors beside the index; None is the one of the last run, at first `exact`,
            which needs none.
        engine_url: of its server; None is that of the last run.

    Returns:
        What was done.

    Raises:
        UsageError: `folder` is no folder, has no mesh files, `up` is no way up, `index` is a folder of
            something else, or there is no such engine.
        MissingExtraError: a package that the engine needs is not installed.
        ArtefactError: the index is damaged, or it or what the engine holds was made with another bundle or
            renderer.
        SketchshapeError: another process works on the index, it cannot be written to, or the server of the
            engine cannot be reached.
    """
    root, target = Path(os.path.abspath(folder)), Path(index)
    if not is_folder(root):
        raise UsageError(f"{folder}: no such folder; expected one with mesh files in it, or a zip archive")
    if up is not None:
        check_way(up)
    bundle = Bundle.open() if bundle is None else bundle
    unread: Counter[str] = Counter()
    files, failures = _walk(root, unread)
    _claim(target)
    with alone(target):
        if fresh:
            _empty(target)
        with Catalogue(target, create=True) as catalogue:
            catalogue.check_made_with(bundle)
            held = held_by(catalogue, engine, engine_url)
            bring(catalogue, bundle, held, fresh=fresh)  # what keeps it from that is said before the work
            if up is not None:
                with catalogue.transaction() as base:
                    choose_folder(base, as_text(root), up)
            changes = Changes(catalogue, root)
            unknown = changes.apply(files, failures, prune=prune, retry=retry, workers=workers)
            new = {file.path for one in unknown.values() for file in one.files}
            present = {str(file.path) for file in files if file.path not in new}
            standing = Standing(
                catalogue, bundle, changes, workers=workers, limits=Limits(timeout, memory), quiet=quiet
            )
            standing.bring(unknown, present)
            remove_unused(catalogue)
            groups = group(catalogue, bundle)
            compact(catalogue, bundle.numbers)
            bring(catalogue, bundle, held)
            failed = [one for one in catalogue.failures() if one[0].is_relative_to(as_text(root))]
            warned = [one for one in catalogue.warnings() if one[0].is_relative_to(as_text(root))]
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
                counts["turned"],
                catalogue.unsure(),
                warned,
                dict(sorted(unread.items())),
            )


def _walk(root: Path, unread: Counter[str]) -> tuple[list[File], dict[Path, str]]:
    files: list[File] = []
    failures: dict[Path, str] = {}
    for found in mesh_files(root, unread):
        if isinstance(found, File):
            files.append(found)
        else:
            failures[found[0]] = found[1]
    if not files and not failures:
        there = f"; {unread_files(unread)}" if unread else ""
        raise UsageError(f"{root}: no mesh files in it; nothing was changed{there}")
    return files, failures


def _empty(target: Path) -> None:
    """Remove what an index holds but for the choices of ways up; these too where it cannot be read."""
    try:
        with Catalogue(target, create=True, checked=KEPT) as catalogue:
            number = int(catalogue.fact("vectors", "1"))
            with catalogue.transaction() as base:
                forget_shapes(base)
                set_fact(base, "vectors", number + 1)  # the old ones may be open in another process
    except (ArtefactError, sqlite3.DatabaseError):
        for path in (target / NAME, *target.glob("vectors-*.f32")):
            path.unlink(missing_ok=True)


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
    if not writable(target):
        raise SketchshapeError(f"{target} cannot be written to; choose another folder with --out")
