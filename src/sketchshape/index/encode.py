"""Mesh files to what an index keeps of them, on all cores."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sketchshape.encoders.bundle import Bundle
from sketchshape.errors import ArtefactError, FileError
from sketchshape.images import prepare_views
from sketchshape.mesh import load_mesh
from sketchshape.render import RENDERER_VERSION, cached_views, render_lines
from sketchshape.types import F32, U8

OUTLINE = 8  # side of the coarse views by which near-identical shapes are known


@dataclass(frozen=True, eq=False)
class Encoded:
    """What an index keeps of the content of a file.

    Args:
        vector: (D,) float32, the embedding of the shape; one of several rows is flattened.
        faces: triangles.
        bounds: extent along x, y (up) and z, in units of the file.
        outline: (views, 8, 8) uint8, the prepared views made coarse.
        warnings: what of the file was left out or guessed.
    """

    vector: F32
    faces: int
    bounds: tuple[float, float, float]
    outline: U8
    warnings: tuple[str, ...] = ()


def encode(
    paths: Sequence[Path], bundle: Bundle, *, ups: Sequence[str], workers: int | None
) -> Iterator[tuple[int, Encoded | FileError]]:
    """Render and encode mesh files; a bad one is reported and never stops the rest.

    Args:
        paths: the files.
        bundle: the encoders.
        ups: for each file the axis that points up.
        workers: files in work at once; None is one for each core.

    Yields:
        Index in `paths`, and what was made of the file or its error; in the order in which they get ready.

    Raises:
        ArtefactError: the encoders were trained on views of another renderer.
    """
    if bundle.renderer != RENDERER_VERSION:
        raise ArtefactError(
            f"{bundle.folder}: made for renderer {bundle.renderer}, this is {RENDERER_VERSION}; "
            "train again and export, or install the version that it was made with"
        )

    def work(path: Path, up: str, views: U8) -> Encoded | FileError:
        try:
            mesh = load_mesh(path, up)
        except FileError as error:
            return error
        pictures, drawings = prepare_views(views, bundle.size), None
        if bundle.lines is not None:
            lines = render_lines(mesh, bundle.lines.count, bundle.lines.size)
            drawings = prepare_views(lines, bundle.sketch_size)
        width, height, depth = (float(side) for side in np.ptp(mesh.vertices, axis=0))
        vector = bundle.embed_shape(pictures, drawings).ravel()
        return Encoded(vector, len(mesh.faces), (width, height, depth), coarse(pictures), mesh.warnings)

    rendered = cached_views(
        paths,
        count=bundle.views.count,
        size=bundle.views.size,
        elevations=bundle.views.elevations,
        up=ups,
        workers=workers,
    )
    threads = workers or os.cpu_count() or 1
    waiting: dict[Future[Encoded | FileError], int] = {}
    with ThreadPoolExecutor(threads, thread_name_prefix="encode") as pool:
        for index, views in rendered:
            if isinstance(views, FileError):
                yield index, views
                continue
            waiting[pool.submit(work, paths[index], ups[index], views)] = index
            if len(waiting) > 2 * threads:  # rendering is ahead: views are large
                yield from _finished(waiting)
        while waiting:
            yield from _finished(waiting)


def coarse(pictures: U8) -> U8:
    """Make prepared views coarse: (n, size, size) uint8 to (n, 8, 8) uint8, the means of blocks."""
    edges = np.linspace(0, pictures.shape[-1], OUTLINE + 1).round().astype(int)
    sums = np.add.reduceat(np.add.reduceat(pictures.astype(np.float64), edges[:-1], 1), edges[:-1], 2)
    return np.asarray(np.rint(sums / np.outer(np.diff(edges), np.diff(edges))), np.uint8)


def _finished(
    waiting: dict[Future[Encoded | FileError], int],
) -> Iterator[tuple[int, Encoded | FileError]]:
    done, _ = wait(waiting, return_when=FIRST_COMPLETED)
    for future in done:
        yield waiting.pop(future), future.result()
