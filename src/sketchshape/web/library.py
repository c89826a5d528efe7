"""What the service shows of a library: its shapes by id, their pictures, their files, and a map of all."""

from __future__ import annotations

import contextlib
import hashlib
import math
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

import numpy as np

from sketchshape.errors import MeshError, UsageError
from sketchshape.index import Entry
from sketchshape.index.library import File
from sketchshape.mesh import companions, load_mesh
from sketchshape.render import cached_views
from sketchshape.render.limits import Limits as FileLimits
from sketchshape.render.many import safely
from sketchshape.render.workers import Crew
from sketchshape.search import Searcher
from sketchshape.search.folders import from_all_over
from sketchshape.types import F32, U8
from sketchshape.web.answers import Map
from sketchshape.web.glb import to_glb
from sketchshape.web.limits import Limits
from sketchshape.web.problems import Problem
from sketchshape.web.thumbnails import TURN, to_thumbnail, view_of
from sketchshape.zips import read

MAPPED = 50_000  # shapes on a map: a browser draws them at each move, and more are no longer told apart
KEPT = 2048  # thumbnails in memory, about 25 KB each
LARGE = 4_000_000  # bytes of a file that takes long to read: its thumbnail is one of the views of the search


class Library:
    """The shapes of an index. Only what was indexed is given out: a file is compared with its hash first.

    Args:
        searcher: of the index; its catalogue may be used from several threads. Another one takes its place
            when shapes were turned.
        limits: of the service.
    """

    def __init__(self, searcher: Searcher, limits: Limits) -> None:
        self.searcher, self._limits = searcher, limits
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._crew = Crew(FileLimits())  # nothing of a file is read in the service itself

    @property
    def index(self) -> Path:
        """The folder of the index."""
        return self.searcher.catalogue.path.parent

    def reload(self, searcher: Searcher | None = None) -> None:
        """Show the index as it is now, or as another searcher has it."""
        old = self.searcher
        self.searcher = searcher or Searcher(old.catalogue, old.bundle, old.held)
        self.__dict__.pop("map", None)

    def entry(self, id: int) -> Entry:
        """Give what the catalogue says of a shape.

        Raises:
            Problem: there is none of that id.
        """
        try:
            return self.searcher.catalogue.get(id)
        except (UsageError, OverflowError):
            raise Problem(
                404, "no-shape", f"The library has no shape {id}; /api/shapes lists them."
            ) from None

    def entries(self, ids: Iterable[int]) -> Iterator[Entry]:
        """Give shapes by their ids, but for those that a later run of indexing has removed."""
        for id in ids:
            with contextlib.suppress(Problem):
                yield self.entry(id)

    def mixed(self, offset: int, limit: int) -> list[Entry]:
        """Give shapes from all over the library: neighbours in the list are far apart in the folders."""
        total = len(self.searcher)
        step = max(1, round(total * 0.381966))  # the golden section spreads any number of picks evenly
        while math.gcd(step, total) > 1:
            step += 1
        places = range(offset, min(offset + limit, total))
        return list(self.entries(int(self.searcher.ids[place * step % total]) for place in places))

    def thumbnail(self, id: int) -> bytes:
        """Draw a shape: a PNG with transparency.

        Raises:
            Problem: there is no such shape, or its file changed.
            MeshError: it cannot be drawn.
        """
        entry = self.entry(id)
        key = (entry.hash, entry.up)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        picture = to_thumbnail(self._view(entry))
        with self._lock:
            self._kept[key] = picture
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return picture

    def glb(self, id: int, *, plain: bool = False) -> bytes:
        """Give a shape as GLB: a GLB file as it is, another converted to its triangles.

        Args:
            id: of the shape.
            plain: convert a GLB file too: its triangles alone, without materials and extensions.

        Raises:
            Problem: there is no such shape, its file changed, it is too large, or it refers to a file outside
                of the library.
            MeshError: it cannot be read.
        """
        entry = self.entry(id)
        if entry.format == ".glb" and entry.up == "y" and not plain:
            return self._content(entry)
        if entry.faces > self._limits.faces:
            raise Problem(
                413,
                "too-many-faces",
                f"The shape has {entry.faces:,} triangles, more than {self._limits.faces:,} "
                "that are converted; download its file instead.",
            )
        self._content(entry)
        self._stay_inside(entry)
        return safely(self._crew, "converted", converted, entry.path, entry.up)

    def file(self, id: int) -> tuple[str, bytes]:
        """Give the name and the bytes of a shape's file.

        Raises:
            Problem: there is no such shape, or its file changed.
        """
        entry = self.entry(id)
        return entry.path.name, self._content(entry)

    @cached_property
    def map(self) -> Map:
        """Where each shape lies, and the folder that it belongs to; of many shapes some from all over."""
        searcher = self.searcher
        shown = from_all_over(len(searcher), MAPPED)
        places = _spread(searcher.library_map(shown))
        return Map.model_construct(
            ids=searcher.ids[shown].tolist(),
            x=np.round(places[:, 0].astype(np.float64), 4).tolist(),
            y=np.round(places[:, 1].astype(np.float64), 4).tolist(),
            label=searcher.folders.of(shown),
            labels=searcher.folders.labels,
            total=len(searcher),
        )

    def _view(self, entry: Entry) -> U8:
        self._content(entry)
        if entry.size <= LARGE:
            return safely(self._crew, "drawn", drawn, entry.path, entry.up)
        views = self.searcher.bundle.views
        for _, found in cached_views(
            [entry.path],
            count=views.count,
            size=views.size,
            elevations=views.elevations,
            up=entry.up,
            workers=1,
        ):
            if isinstance(found, Exception):
                raise found
            picture: U8 = found[TURN * views.count // 360]
            return picture
        raise AssertionError("a file gives views or an error")

    def _stay_inside(self, entry: Entry) -> None:
        """Refuse a file that takes its triangles from elsewhere: they could be the bytes of anything."""
        root = entry.path.parents[len(entry.tags)].resolve()
        home = entry.path.resolve().parent  # where a link leads to another library, its own folder will do
        for file in companions(entry.path):
            if not any(file.resolve().is_relative_to(folder) for folder in (root, home)):
                raise Problem(
                    409,
                    "outside",
                    f"The file of shape {entry.id} refers to one outside of the library, which is not given "
                    "out; put both into the library and run `sketchshape index` again.",
                )

    def _content(self, entry: Entry) -> bytes:
        """Read a file if it is still what was indexed: its place may lead elsewhere by now."""
        try:
            data = read(entry.path)
            same = hashlib.sha256(data).hexdigest() == entry.hash
            if same or File(entry.path, 0, 0, ()).hash() == entry.hash:
                return data
        except OSError:
            pass
        raise Problem(
            409,
            "changed",
            f"The file of shape {entry.id} changed or went away since the library was indexed; "
            "run `sketchshape index` again and restart the service.",
        )


def converted(path: Path, up: str) -> bytes:
    """Read a file as GLB: what a worker process does."""
    return to_glb(load_mesh(path, up))


def drawn(path: Path, up: str) -> U8:
    """Draw a file from where its thumbnail is taken: what a worker process does."""
    try:
        return view_of(load_mesh(path, up))
    except ValueError as error:
        raise MeshError(path, str(error)) from error


def _spread(places: F32) -> F32:
    """Move points (n, 2) halfway to an even spread along each axis: the crowd thins, the order stays."""
    if len(places) < 2:
        return places
    ranks = np.argsort(np.argsort(places, axis=0, kind="stable"), axis=0, kind="stable")
    return np.asarray((places + ranks / (len(places) - 1)) / 2, np.float32)
