"""Views of mesh files, drawn once: in worker processes, and with a cache that goes by content."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from sketchshape.errors import MeshError, UsageError
from sketchshape.files import atomic, cache_dir, digest, file_digest
from sketchshape.mesh import READER_VERSION, companions, load_mesh
from sketchshape.render.camera import ELEVATIONS
from sketchshape.render.limits import MEMORY, TIMEOUT, Limits
from sketchshape.render.lines import render_lines
from sketchshape.render.many import safely, stream, threads_for
from sketchshape.render.shading import render_views
from sketchshape.render.workers import Crew
from sketchshape.say import shown, warn
from sketchshape.types import U8, Mesh

RENDERER_VERSION = 1
"""Raised with every change of rendering that changes a byte of a view."""
STYLES: dict[str, Callable[[Mesh, int, int, Sequence[float]], U8]] = {
    "shaded": render_views,
    "lines": render_lines,
}


class Drawn(NamedTuple):
    """The views of a file, (rings * count, size, size) uint8, and the warnings of its shape."""

    views: U8
    warnings: tuple[str, ...]


def cached_views(
    paths: Sequence[Path],
    *,
    count: int = 12,
    size: int = 224,
    up: str | Sequence[str] | None = None,
    style: str = "shaded",
    elevations: Sequence[float] = ELEVATIONS,
    cache: Path | None = None,
    workers: int | None = None,
    timeout: float = TIMEOUT,
    memory: float = MEMORY,
    heard: Callable[[int, tuple[str, ...]], None] | None = None,
) -> Iterator[tuple[int, U8 | MeshError]]:
    """Give the views of mesh files, from the cache or drawn and then cached.

    Can be stopped at any moment: every entry of the cache is whole. Where none can be written, views are
    drawn each time, with a warning. Files are read and drawn in worker processes, where one that crashes,
    hangs or takes too much memory is an error like others.

    Args:
        paths: mesh files.
        count: views of each ring of cameras.
        size: side of a view in pixels.
        up: axis that points up in the files (see `load_mesh`), or one for each of them.
        style: shaded or lines.
        elevations: of the rings, in degrees.
        cache: folder of the cache; None is `views` in the cache folder of sketchshape.
        workers: files in work at once; None is one for each processor.
        timeout: seconds that a file may take in each step; one that takes more is a failure like others.
        memory: bytes that a file may take, on Linux; one that takes more is a failure like others.
        heard: called with the index of a file and the warnings of its shape, before its views are given.

    Yields:
        Index in `paths`, and (rings * count, size, size) uint8 or the error; in the order in which they get
        ready.

    Raises:
        UsageError: the style is unknown or workers is less than 1.
    """
    folder = cache_dir() / "views" if cache is None else Path(cache)
    if style not in STYLES:
        raise UsageError(f"style is {style!r}, expected one of: {', '.join(STYLES)}")
    threads = threads_for(len(paths), workers)
    crew = Crew(Limits(timeout, memory))
    ups = [up] * len(paths) if up is None or isinstance(up, str) else up
    rings = tuple(elevations)

    def work(item: tuple[Path, str | None]) -> Drawn | MeshError:
        path, up = item
        try:
            return safely(crew, "drawn", views_of, path, folder, count, size, up, style, rings)
        except MeshError as error:
            return error

    items = [(Path(path), one) for path, one in zip(paths, ups, strict=True)]
    return _told(stream(items, work, threads, crew), heard)


def _told(
    results: Iterator[tuple[int, Drawn | MeshError]], heard: Callable[[int, tuple[str, ...]], None] | None
) -> Iterator[tuple[int, U8 | MeshError]]:
    """Give the views, and tell the warnings where someone wants to hear them."""
    for index, result in results:
        if isinstance(result, MeshError):
            yield index, result
        else:
            if heard and result.warnings:
                heard(index, result.warnings)
            yield index, result.views


def view_key(
    path: Path,
    *,
    count: int,
    size: int,
    up: str | None,
    style: str,
    elevations: Sequence[float] = ELEVATIONS,
) -> str:
    """Name the views of a file by what they depend on: its content and kind, and how it is drawn.

    Returns:
        64 hexadecimal digits.

    Raises:
        MeshError: the file cannot be read.
    """
    try:
        content = [file_digest(path), *map(file_digest, companions(path))]
    except (OSError, ValueError) as error:
        raise MeshError(path, f"cannot be read: {getattr(error, 'strerror', None) or error}") from error
    # The usual ring goes without saying, so that what was drawn before there were others is found.
    tilted = [] if tuple(elevations) == ELEVATIONS else [list(elevations)]
    versions = [RENDERER_VERSION, READER_VERSION]
    return digest(versions, content, path.suffix.lower(), count, size, up or "y", style, *tilted)


def views_of(
    path: Path,
    folder: Path,
    count: int,
    size: int,
    up: str | None,
    style: str,
    elevations: Sequence[float] = ELEVATIONS,
    mesh: Mesh | None = None,
) -> Drawn:
    """Take the views of one file from the cache, or draw them and put them there.

    Args:
        path: the mesh file.
        folder: of the cache.
        count: views of each ring of cameras.
        size: side of a view in pixels.
        up: axis that points up in the file.
        style: shaded or lines.
        elevations: of the rings, in degrees.
        mesh: what is in the file, with that axis up; None reads it where it is needed.

    Raises:
        MeshError: the file cannot be read, or drawn.
    """
    key = view_key(path, count=count, size=size, up=up, style=style, elevations=elevations)
    entry = folder / f"{key}.png"
    drawn = _read(entry, key, (len(elevations) * count, size, size))
    if drawn is None:
        mesh = load_mesh(path, up) if mesh is None else mesh
        try:
            drawn = Drawn(STYLES[style](mesh, count, size, elevations), mesh.warnings)
        except ValueError as error:
            raise MeshError(path, str(error)) from error
        _write(entry, key, drawn, f"{shown(path.name)}: {style}, up {up or 'y'}")
    return drawn


def _read(entry: Path, key: str, shape: tuple[int, int, int]) -> Drawn | None:
    """Read an entry: a PNG with the views one below the other; None where it is absent or not whole."""
    try:
        with Image.open(entry) as image:
            views = np.array(image).reshape(shape)
            about = image.text  # type: ignore[attr-defined]
            # Pillow shows what it can of a damaged picture, hence a checksum of our own.
            good = about.get("key") == key and about.get("checksum") == _checksum(views)
            warnings = json.loads(about["warnings"]) if good else []
            return Drawn(views, tuple(warnings)) if good and views.dtype == np.uint8 else None
    except (OSError, LookupError, ValueError, SyntaxError, AttributeError, struct.error, zlib.error):
        return None


def _write(entry: Path, key: str, drawn: Drawn, title: str) -> None:
    about = PngInfo()
    about.add_text("key", key)
    about.add_text("checksum", _checksum(drawn.views))
    about.add_text("warnings", json.dumps(drawn.warnings))
    about.add_itxt("Title", title)
    strip = Image.fromarray(drawn.views.reshape(-1, drawn.views.shape[-1]))
    try:
        with atomic(entry) as temporary:
            # Run lengths at the lowest level: as small as level 6, and four times as fast.
            strip.save(temporary, "PNG", compress_level=1, compress_type=zlib.Z_RLE, pnginfo=about)
    except OSError as error:
        warn(
            f"{entry.parent} cannot be written to ({error.strerror or error}), so views are drawn each time; "
            "set SKETCHSHAPE_CACHE to another folder"
        )


def _checksum(views: np.ndarray) -> str:
    return str(zlib.crc32(views.tobytes()))
