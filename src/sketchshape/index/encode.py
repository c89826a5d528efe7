"""Mesh files to what an index keeps of them: seen in worker processes, encoded here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sketchshape.encoders.bundle import Bundle
from sketchshape.errors import ArtefactError, FileError
from sketchshape.files import cache_dir
from sketchshape.images import prepare_views
from sketchshape.mesh import load_mesh
from sketchshape.render import RENDERER_VERSION, render_lines
from sketchshape.render.limits import Limits
from sketchshape.render.many import safely, stream, threads_for
from sketchshape.render.view_cache import views_of
from sketchshape.render.workers import Crew
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


@dataclass(frozen=True)
class Sight:
    """How encoders look at a shape.

    Args:
        rings: count and size of the views, and the elevations of their cameras in degrees.
        size: side of a prepared view in pixels.
        lines: count and size of line drawings, elevations, and prepared size; None where there are none.
    """

    rings: tuple[int, int, tuple[float, ...]]
    size: int
    lines: tuple[int, int, tuple[float, ...], int] | None


@dataclass(frozen=True, eq=False)
class Seen:
    """What encoders are to see of a file.

    Args:
        pictures: (views, size, size) uint8, prepared.
        drawings: (lines, size, size) uint8, prepared; None where there are none.
        faces: triangles.
        bounds: extent along x, y (up) and z, in units of the file.
        warnings: what of the file was left out or guessed.
    """

    pictures: U8
    drawings: U8 | None
    faces: int
    bounds: tuple[float, float, float]
    warnings: tuple[str, ...]


def encode(
    paths: Sequence[Path],
    bundle: Bundle,
    *,
    ups: Sequence[str],
    workers: int | None,
    limits: Limits,
) -> Iterator[tuple[int, Encoded | FileError]]:
    """Render and encode mesh files; a bad one is reported and never stops the rest.

    Args:
        paths: the files.
        bundle: the encoders.
        ups: for each file the axis that points up.
        workers: files in work at once; None is one for each core.
        limits: of time and memory for each file.

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

    threads = threads_for(len(paths), workers)
    crew, folder = Crew(limits), cache_dir() / "views"

    def work(item: tuple[Path, str]) -> Encoded | FileError:
        try:
            seen = safely(crew, "drawn", see, *item, sight_of(bundle), folder)
        except FileError as error:
            return error
        vector = bundle.embed_shape(seen.pictures, seen.drawings).ravel()
        return Encoded(vector, seen.faces, seen.bounds, coarse(seen.pictures), seen.warnings)

    return stream(list(zip(paths, ups, strict=True)), work, threads, crew)


def sight_of(bundle: Bundle) -> Sight:
    """Say how the encoders of a bundle look at a shape."""
    views, lines = bundle.views, bundle.lines
    rings = (views.count, views.size, views.elevations)
    drawn = (lines.count, lines.size, lines.elevations, bundle.sketch_size) if lines else None
    return Sight(rings, bundle.size, drawn)


def see(path: Path, up: str, sight: Sight, folder: Path) -> Seen:
    """Read a file, and draw it as the encoders look at it: what a worker process does.

    Args:
        path: the mesh file.
        up: axis of the file that points up.
        sight: how it is looked at.
        folder: of the cache of views.

    Raises:
        MeshError: it cannot be read or drawn.
    """
    mesh = load_mesh(path, up)
    count, size, elevations = sight.rings
    drawn = views_of(path, folder, count, size, up, "shaded", elevations, mesh)
    pictures, drawings = prepare_views(drawn.views, sight.size), None
    if sight.lines:
        count, size, elevations, prepared = sight.lines
        drawings = prepare_views(render_lines(mesh, count, size, elevations), prepared)
    width, height, depth = (float(side) for side in np.ptp(mesh.vertices, axis=0))
    return Seen(pictures, drawings, len(mesh.faces), (width, height, depth), mesh.warnings)


def coarse(pictures: U8) -> U8:
    """Make prepared views coarse: (n, size, size) uint8 to (n, 8, 8) uint8, the means of blocks."""
    edges = np.linspace(0, pictures.shape[-1], OUTLINE + 1).round().astype(int)
    sums = np.add.reduceat(np.add.reduceat(pictures.astype(np.float64), edges[:-1], 1), edges[:-1], 2)
    return np.asarray(np.rint(sums / np.outer(np.diff(edges), np.diff(edges))), np.uint8)
