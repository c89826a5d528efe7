"""Turn a shape of an index, or all files of its kind in its folder, as a person chooses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sketchshape.encoders.bundle import Bundle
from sketchshape.errors import MeshError
from sketchshape.index.catalogue import Catalogue, Entry
from sketchshape.index.changes import Changes
from sketchshape.index.choices import check_way, choose_folder, choose_shape, forget_shapes
from sketchshape.index.contents import compact, group, remove_unused
from sketchshape.index.held import bring, held_by
from sketchshape.index.library import File
from sketchshape.index.lock import alone
from sketchshape.index.standing import Standing
from sketchshape.render.limits import MEMORY, TIMEOUT, Limits


def turn_shape(
    index: str | Path,
    shape: int,
    up: str,
    *,
    folder: bool = False,
    bundle: Bundle | None = None,
    workers: int | None = None,
    timeout: float = TIMEOUT,
    memory: float = MEMORY,
    quiet: bool = True,
    told: Callable[[int, int], object] = lambda done, total: None,
) -> list[int]:
    """Choose which way up a shape stands, and encode it so.

    The choice is kept in the index. It counts for every file of the same content, and with `folder` for all
    files of the same format in the folder of the shape and below, those to come too.

    Args:
        index: its folder.
        shape: id of the shape.
        up: axis of the file that points up, y, z, x, -y, -z or -x; auto forgets the choice.
        folder: choose for the files of the same format in the folder.
        bundle: the encoders; None is the bundle that ships.
        workers: files in work at once; None is one for each core.
        timeout: seconds that a file may take in each step; one that takes more is a failure like others.
        memory: bytes that a file may take, on Linux; one that takes more is a failure like others.
        quiet: show no progress.
        told: called with the number of shapes that are encoded and that of all, after each.

    Returns:
        Ids of the shapes that the choice is about.

    Raises:
        UsageError: there is no index, no such shape, or `up` is no way up.
        MeshError: its file changed since it was indexed.
        SketchshapeError: another process works on the index, it cannot be written, or the server of its
            engine cannot be reached.
    """
    check_way(up)
    target, encoders = Path(index), Bundle.open() if bundle is None else bundle
    with Catalogue(target) as catalogue, alone(target):
        catalogue.check_made_with(encoders)
        entry = catalogue.get(shape)
        concerned = same_kind(catalogue, entry) if folder else same_content(catalogue, entry)
        there = {str(one.path) for one in concerned if _unchanged(one)}
        if str(entry.path) not in there:
            raise MeshError(
                entry.path, "changed or went away since it was indexed; run `sketchshape index` again"
            )
        with catalogue.transaction() as base:
            if folder:
                choose_folder(base, entry.path.parent, up, entry.format)
                forget_shapes(base, [one.hash for one in concerned])
            else:
                choose_shape(base, entry.hash, up)
        changes = Changes(catalogue, entry.path.parent)
        standing = Standing(
            catalogue,
            encoders,
            changes,
            workers=workers,
            limits=Limits(timeout, memory),
            quiet=quiet,
            told=told,
        )
        standing.bring({}, there)
        remove_unused(catalogue)
        group(catalogue, encoders)
        compact(catalogue, encoders.numbers)
        bring(catalogue, encoders, held_by(catalogue))
    return [one.id for one in concerned]


def same_content(catalogue: Catalogue, entry: Entry) -> list[Entry]:
    """Give the shapes whose files have the same content, itself among them."""
    ids = catalogue.rows("SELECT id FROM shape WHERE hash = ? ORDER BY id", entry.hash)
    return [catalogue.get(id) for (id,) in ids]


def same_kind(catalogue: Catalogue, entry: Entry) -> list[Entry]:
    """Give the shapes of the same format in the folder of a shape and below, itself among them."""
    rows = catalogue.rows("SELECT id, path FROM shape WHERE format = ? ORDER BY id", entry.format)
    return [catalogue.get(id) for id, path in rows if Path(path).is_relative_to(entry.path.parent)]


def _unchanged(entry: Entry) -> bool:
    try:
        return File(entry.path, 0, 0, ()).hash() == entry.hash
    except OSError:
        return False
