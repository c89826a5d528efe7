"""Search in an index: by likeness over vectors in a memory map, with words and filters."""

from __future__ import annotations

import json
from collections.abc import Collection
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sketchshape.encoders.bundle import Bundle
from sketchshape.errors import SketchError, UsageError
from sketchshape.images import prepare
from sketchshape.index.catalogue import Catalogue
from sketchshape.index.contents import read_vectors
from sketchshape.index.held import Held, held_by, open_engine, rows_of
from sketchshape.search.drawing import Sketch, read_drawing
from sketchshape.search.filters import Filters
from sketchshape.search.folders import Folders
from sketchshape.search.library_map import principal_plane
from sketchshape.search.looks import Looks
from sketchshape.search.names import Names
from sketchshape.search.nearest import Nearest
from sketchshape.search.query import Query
from sketchshape.search.ranker import Asked, Ranker
from sketchshape.search.ways import Ways
from sketchshape.search.words import Words
from sketchshape.types import F32, I64, Ranking


class Searcher:
    """Finds the shapes of an index that look like a sketch; may be used from several threads.

    It shows the index as it was when it was opened: open it again after the index was brought up to date.

    Args:
        catalogue: of the index.
        bundle: that the index was made with.
        held: the engine that tells where to look; None compares all shapes.
    """

    def __init__(self, catalogue: Catalogue, bundle: Bundle, held: Held | None = None) -> None:
        self.catalogue, self.bundle, self.held = catalogue, bundle, held or Held()
        with catalogue.snapshot():
            rows = catalogue.rows(
                "SELECT id, path, format, faces, grp, tags FROM shape JOIN stand ON shape = id AND place = 0 "
                "JOIN content ON content = key ORDER BY id"
            )
            ways = catalogue.rows(
                "SELECT shape, up, row FROM stand JOIN shape ON shape = id JOIN content ON content = key "
                "ORDER BY shape, place"
            )
            self._vectors = read_vectors(catalogue, bundle.numbers)
            held_rows = None if self.held.exact else rows_of(catalogue, bundle, self._vectors)
            self.state = catalogue.state()
        self._shapes = self._vectors.reshape(len(self._vectors), *bundle.row)
        self.ids: I64 = np.array([row[0] for row in rows], np.int64)
        self._paths = [row[1] for row in rows]
        self._filters = Filters(
            self._paths, [row[2] for row in rows], np.array([row[3] for row in rows], np.int64)
        )
        self._tags = [row[5] for row in rows]
        self._ways = Ways([shape for shape, _, _ in ways], [up for _, up, _ in ways])
        self._rows: I64 = np.array([row for _, _, row in ways], np.int64)  # of each way
        nearest = None
        if held_rows is not None:
            engine = open_engine(catalogue, bundle, self.held, held_rows)
            nearest = Nearest(engine, held_rows, self._ways, self._rows)
        by_path = np.array(sorted(range(len(rows)), key=self._paths.__getitem__), np.int64)
        groups = np.array([row[4] for row in rows], np.int64)
        own = (self.ids, self._paths, by_path, groups, self._ways, self._rows, self._shapes)
        self._ranker = Ranker(bundle, *own, nearest)

    @classmethod
    def open(
        cls,
        index: str | Path,
        bundle: Bundle | str | Path | None = None,
        *,
        engine: str | None = None,
        engine_url: str | None = None,
    ) -> Searcher:
        """Open an index.

        Args:
            index: the folder that `sketchshape index` wrote.
            bundle: the encoders; None is the bundle that ships.
            engine: that holds the vectors, `exact` for none; None is the one that the index was made with.
            engine_url: of its server; None is the one that the index was made with.

        Returns:
            The searcher.

        Raises:
            UsageError: there is no index in the folder, or no such engine.
            MissingExtraError: a package that the engine needs is not installed.
            ArtefactError: the index is damaged, or it or what the engine holds was made with another bundle.
            SketchshapeError: the server of the engine cannot be reached.
        """
        encoders = bundle if isinstance(bundle, Bundle) else Bundle.open(bundle)
        catalogue = Catalogue(Path(index))
        catalogue.check_made_with(encoders)
        return cls(catalogue, encoders, held_by(catalogue, engine, engine_url))

    def __len__(self) -> int:
        return len(self.ids)

    def search(
        self,
        sketch: Sketch | None,
        k: int = 20,
        *,
        words: str = "",
        folder: str | Path | None = None,
        formats: Collection[str] | None = None,
        faces: tuple[int | None, int | None] | None = None,
        unique: bool = False,
    ) -> Ranking:
        """Find the shapes that look like a sketch; of one that may stand in several ways the best counts.

        Args:
            sketch: a picture (H, W) uint8 with 0 = ink and 255 = paper, a file of a picture or of strokes, or
                strokes [[xs, ys], ...]; None searches by words alone.
            k: how many shapes at most, 1 or more.
            words: that a shape has in its file or folder names, or looks like; mixed with the sketch.
            folder: only shapes in this folder; a name without a path is one at any depth.
            formats: only these suffixes, with or without the dot.
            faces: only shapes of so many triangles: least and most, None is no limit.
            unique: only the best of near-identical shapes.

        Returns:
            The ranking; scores are the likeness of the bundle, as a rule the cosine of the embeddings, and
            more for the words: up to 1 for names, and up to 0.45 for looks. The confidence is that of the
            drawing, and without one that of the words.

        Raises:
            SketchError: the drawing is blank or cannot be read.
            UsageError: an argument is out of its range, or there is neither a sketch nor a word.
        """
        if sketch is None and not words.strip():
            raise UsageError("nothing to search for: give a drawing, or words")
        vector = None if sketch is None else self.embed(sketch)
        query = None if vector is None else Query(self.bundle.likeness, vector[None])
        return self._best(query, k, words, self._filters.passing(folder, formats, faces), unique, vector)

    def like(
        self,
        shape: int,
        k: int = 20,
        *,
        words: str = "",
        folder: str | Path | None = None,
        formats: Collection[str] | None = None,
        faces: tuple[int | None, int | None] | None = None,
        unique: bool = False,
    ) -> Ranking:
        """Find the shapes that look like a shape of the index, itself left out; arguments as for `search`.

        Raises:
            UsageError: there is no shape of that id, or an argument is out of its range.
        """
        place = int(np.searchsorted(self.ids, shape))
        if place >= len(self) or self.ids[place] != shape:
            raise UsageError(
                f"no shape {shape} in {self.catalogue.path.parent}; `sketchshape search` shows ids"
            )
        own = Query(self.bundle.likeness, self._shapes[self._rows[self._ways.of(place)]], of_shape=True)
        allowed = self._filters.passing(folder, formats, faces)
        return self._best(own, k, words, allowed, unique, without=place)

    def by_class(
        self,
        name: str,
        k: int = 20,
        *,
        words: str = "",
        folder: str | Path | None = None,
        formats: Collection[str] | None = None,
        faces: tuple[int | None, int | None] | None = None,
        unique: bool = False,
    ) -> Ranking:
        """Find the shapes nearest to the center of a class of the bundle; arguments as for `search`.

        Raises:
            UsageError: there is no such class, or an argument is out of its range.
        """
        center = Query(self.bundle.likeness, self.bundle.center(name)[None])
        return self._best(center, k, words, self._filters.passing(folder, formats, faces), unique)

    def embed(self, sketch: Sketch) -> F32:
        """Embed a sketch: (D,) float32, see `Bundle`; arguments and errors as for `search`."""
        gray = read_drawing(sketch)
        try:
            prepared = prepare(gray, self.bundle.sketch_size)
        except ValueError as error:
            if not (gray.ndim == 2 and gray.dtype == np.uint8):
                raise UsageError(f"the sketch is not a picture: {error}") from None
            name = sketch if isinstance(sketch, str | Path) else "drawing"
            raise SketchError(name, "nothing is drawn yet; draw a few lines and try again") from None
        vector: F32 = self.bundle.embed_sketches(prepared[None])[0]
        return vector

    def library_map(self, places: I64 | None = None) -> F32:
        """Give a place on a map for shapes, those that look alike near each other.

        Args:
            places: of the shapes in `ids`; None is all.

        Returns:
            (len(places), 2) float32 in 0..1.
        """
        first = self._ways.first if places is None else self._ways.first[places]
        return principal_plane(self._vectors[self._rows[first]])

    @cached_property
    def folders(self) -> Folders:
        """The folders by which the shapes are told apart."""
        return Folders(self._tags)

    @cached_property
    def _words(self) -> Words:
        names = Names(
            (*json.loads(tags), Path(path).stem) for tags, path in zip(self._tags, self._paths, strict=True)
        )
        vocabulary = self.bundle.words
        if vocabulary is None:
            return Words(names)
        return Words(names, vocabulary.names, Looks(self._looks, self._ways.best))

    def _looks(self) -> F32:
        """Tell what each shape looks like in each way: (words, ways) float32."""
        assert self.bundle.words is not None
        table = self.bundle.words.of_shapes(self._shapes, self.bundle.likeness)
        same = np.array_equal(self._rows, np.arange(len(self._shapes)))
        return table if same else table[:, self._rows]

    def _best(
        self,
        query: Query | None,
        k: int,
        words: str,
        allowed: NDArray[np.bool_] | None,
        unique: bool,
        sketch: F32 | None = None,
        without: int | None = None,
    ) -> Ranking:
        if k < 1:
            raise UsageError(f"k is {k}, expected at least 1")
        found = self._words.find(words) if words.strip() else None
        return self._ranker.best(Asked(query, found, sketch, k, unique, without), allowed)
