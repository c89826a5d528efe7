"""From what is asked to a ranking: the shapes that an engine names, or all, by likeness and by words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sketchshape.encoders.bundle import Bundle
from sketchshape.search.nearest import Nearest
from sketchshape.search.query import Query
from sketchshape.search.ranking import falling
from sketchshape.search.ways import Ways
from sketchshape.search.words import Found
from sketchshape.types import F32, I64, Ranking, Taken

TAKEN, LEAST_TAKEN = 5, 0.03  # words that a drawing is taken for: how many at most, and how likely at least
DIGITS = 6  # of a score


@dataclass(frozen=True, eq=False)
class Asked:
    """What a library is asked for.

    Args:
        query: what shapes are compared with; None where words alone are asked for.
        found: what the words give; None without words.
        sketch: (D,) float32, the embedding of the drawing; None where none is asked for.
        k: how many shapes at most.
        unique: only the best of near-identical shapes.
        without: place of a shape that does not count.
    """

    query: Query | None
    found: Found | None
    sketch: F32 | None
    k: int
    unique: bool
    without: int | None


@dataclass(frozen=True, eq=False)
class Ranker:
    """Ranks the shapes of a library.

    Args:
        bundle: that it is indexed with.
        ids: (n,) int64 of the shapes.
        paths: of the shapes.
        by_path: (n,) int64, places of the shapes in the order of their paths.
        groups: (n,) int64, the same for near-identical shapes.
        ways: of the shapes.
        rows: for each way the row of its vector.
        vectors: (m, *row) float32 of all ways, as the likeness takes them.
        nearest: what an engine names; None without one.
    """

    bundle: Bundle
    ids: I64
    paths: Sequence[str]
    by_path: I64
    groups: I64
    ways: Ways
    rows: I64
    vectors: F32
    nearest: Nearest | None

    def best(self, asked: Asked, allowed: NDArray[np.bool_] | None) -> Ranking:
        """Rank the shapes that an engine names, and where it names too few, all.

        Args:
            asked: for what.
            allowed: (n,) bool, the shapes that count; None is all.
        """
        query, without = asked.query, asked.without is not None
        if query is not None and asked.found is None and self.nearest is not None:
            total = len(self.ids) if allowed is None else int(allowed.sum())
            for more in (1, 8) if asked.unique else (1,):
                places = self.nearest.shapes(query.vectors, more * asked.k + without, allowed)
                if places is None:
                    break
                ranking = self._rank(asked, places[np.argsort(self._path_ranks[places])])
                if len(ranking) >= min(asked.k, total - without):
                    return ranking
        return self._rank(asked, self.by_path if allowed is None else self.by_path[allowed[self.by_path]])

    def _rank(self, asked: Asked, places: I64) -> Ranking:
        """Rank shapes, given by their places in the order of their paths."""
        query, found, unique = asked.query, asked.found, asked.unique
        if asked.without is not None:
            places = places[places != asked.without]
        if query is None and found is not None:
            places = places[found.hit[places]]
        likeness = np.zeros(len(places), np.float32) if query is None else self._alike(query, places)
        # Of equal scores the first path comes first, however files were indexed, and the last bits of sums,
        # which differ between processors, do not count.
        scores = np.round(likeness if found is None else likeness + found.gain[places], DIGITS)
        order = falling(scores, None if unique else asked.k)
        if unique:
            _, first = np.unique(self.groups[places[order]], return_index=True)
            order = order[np.sort(first)[: asked.k]]
        chosen = places[order]
        return Ranking(
            tuple(self.ids[chosen].tolist()),
            scores[order],
            tuple(Path(self.paths[place]) for place in chosen.tolist()),
            self._sure(asked, places, likeness),
            self._ups(query, chosen),
            self._taken_for(asked.sketch),
            () if found is None else found.unknown,
        )

    def _sure(self, asked: Asked, places: I64, likeness: F32) -> float | None:
        """Tell how surely what was drawn is there, or without a drawing what the words say."""
        if not len(places):
            return None
        if self.bundle.confidence is not None and asked.sketch is not None:
            return self.bundle.confidence.of(float(likeness.max()), asked.sketch)
        if asked.query is None and asked.found is not None and self.bundle.words is not None:
            return float(asked.found.sure[places].max())
        return None

    def _alike(self, query: Query, places: I64) -> F32:
        """Compare with some shapes, or with all in one product: (len(places),) float32."""
        if 8 * len(places) < len(self.ids):
            ways = self.ways.of_all(places)
            return self.ways.best(query.alike(self.vectors[self.rows[ways]]), places)
        alike = self.ways.best(query.alike(self.vectors)[self.rows])
        return alike[places]

    def _ups(self, query: Query | None, places: I64) -> tuple[str, ...]:
        """Give the way in which each shape is found, the likeliest one where there is no query."""
        ways = [self.ways.of(place) for place in places.tolist()]
        if query is None or self.ways.most == 1:
            return tuple(self.ways.up(way.start) for way in ways)
        best = [way.start + int(query.alike(self.vectors[self.rows[way]]).argmax()) for way in ways]
        return tuple(map(self.ways.up, best))

    def _taken_for(self, sketch: F32 | None) -> tuple[Taken, ...]:
        if sketch is None or self.bundle.words is None:
            return ()
        shares = self.bundle.words.of_sketch(sketch, self.bundle.likeness)
        best = [(self.bundle.words.names[place], float(shares[place])) for place in falling(shares, TAKEN)]
        return tuple(Taken(word, share) for word, share in best if share >= LEAST_TAKEN)

    @cached_property
    def _path_ranks(self) -> I64:
        """Place of each shape in the order of the paths."""
        ranks = np.empty_like(self.by_path)
        ranks[self.by_path] = np.arange(len(ranks))
        return ranks
