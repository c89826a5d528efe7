"""The pictures of the queries and shapes that a report shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sketchshape.datasets import SketchItem
from sketchshape.errors import SketchError
from sketchshape.images import prepare
from sketchshape.render import ELEVATIONS, cached_views
from sketchshape.report.gallery import Cell
from sketchshape.runs.results import Run, Seed
from sketchshape.types import U8

SIDE = 224  # pixels of a shown sketch
SHOWN_VIEW = 1  # from the front and a little from the side


def rows_of(run: Run, seed: Seed, places: Sequence[int], cache: Path | None = None) -> list[list[Cell]]:
    """Collect the sketch and the first shapes of some queries.

    Args:
        run: the run.
        seed: the seed whose ranking is shown.
        places: positions in `seed.scores.per_query`.
        cache: folder of rendered views; None is the usual one.

    Returns:
        A row for each query: the sketch, then the shapes by rank. What cannot be shown has no picture.
    """
    values = seed.scores.per_query
    queries = [int(values.index[place]) for place in places]
    views = _views(run, {seed.gallery_ids[shape] for query in queries for shape in seed.best[query]}, cache)
    rows = []
    for place, query in zip(places, queries, strict=True):
        label = seed.query_labels[query]
        picture = _sketch(run, seed.query_ids[query], int(label))
        row = [Cell(picture, run.classes[label], aside=f"AP\n{100 * values.map[place]:.0f}")]
        for shape in seed.best[query]:
            own = seed.gallery_labels[shape]
            row.append(Cell(views.get(seed.gallery_ids[shape]), run.classes[own], bool(own == label)))
        rows.append(row)
    return rows


def _sketch(run: Run, name: str, label: int) -> U8 | None:
    where = run.items["queries"].get(name)
    if where is None:
        return None
    item = SketchItem(name, label, Path(where["path"]), where.get("line"))
    try:
        return prepare(item.read(), SIDE)
    except (SketchError, ValueError):
        return None  # the rest of the page is worth having without this sketch


def _views(run: Run, names: Iterable[str], cache: Path | None) -> dict[str, U8]:
    known = sorted(name for name in names if name in run.items["gallery"])
    settings: dict[str, Any] = run.record["settings"]
    views = settings["views"]
    made = cached_views(
        [Path(run.items["gallery"][name]) for name in known],
        count=views["count"],
        size=views["size"],
        elevations=views.get("elevations", ELEVATIONS),
        up=settings["data"]["up"],
        cache=cache,
    )
    view = min(SHOWN_VIEW, views["count"] - 1)
    return {known[index]: found[view] for index, found in made if not isinstance(found, Exception)}
