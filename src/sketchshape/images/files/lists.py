"""Strokes as lists: [xs, ys], points [x, y], points {x, y}, or segments; the form is told from the shape."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from sketchshape.types import F64

Lists = list[list[Any]]  # [[xs, ys], ...], whose numbers are not checked yet
EXPECTED = "expected strokes as [[xs, ys], ...], as points [[[x, y], ...], ...] or as points {x, y}"
MOST = 100_000  # strokes, or points of one: each takes time before it is known that they are too many
CLOSE = 0.01  # of the extent; ends of strokes that are so near each other meet


def as_strokes(drawing: list[Any], known: bool = False) -> Lists:
    """Bring the strokes of a drawing into one form.

    Two lists of two numbers may be [xs, ys] or two points [x, y]. What another stroke of the drawing leaves
    no doubt about holds for all; where none does, the form in which more ends of strokes meet is taken, and
    [xs, ys] where that does not tell either.

    Args:
        drawing: a list of strokes, or the points of one stroke.
        known: the source writes [xs, ys], so that is taken where it is possible at all.

    Returns:
        [[xs, ys], ...].

    Raises:
        ValueError: a stroke is none of these, or the strokes are not of one form.
    """
    if len(drawing) > MOST:
        raise ValueError(
            f"is a list of {len(drawing)} strokes or points, expected at most {MOST}: simplify it"
        )
    strokes = [_opened(stroke) for stroke in _several(drawing)]
    forms = [_forms(stroke, number) for number, stroke in enumerate(strokes, 1)]
    common = set.intersection({"lists", "points"}, *forms)
    if not common:
        kinds = [(forms.index({form}) + 1, form) for form in ("lists", "points")]
        raise ValueError(f"stroke {kinds[0][0]} is [xs, ys] and stroke {kinds[1][0]} is points; {EXPECTED}")
    as_points = [_turned(stroke) for stroke in strokes]
    as_lists = [stroke[:2] for stroke in strokes]
    if common == {"points"}:
        return as_points
    if common == {"lists"} or known or _meetings(as_points) <= _meetings(as_lists):
        return as_lists
    return as_points


def _several(drawing: list[Any]) -> list[Any]:
    """Give strokes where the list may be the points, or the xs and ys, of a single one."""
    if not drawing or not all(_is_point(one) or _is_numbers(one) for one in drawing):
        return drawing
    lengths = {len(one) for one in drawing}
    if lengths == {4} and len(drawing) != 2:
        return drawing  # segments [x1, y1, x2, y2]
    if max(lengths) <= 4 or (len(drawing) in (2, 3) and len(lengths) == 1):
        return [drawing]
    return drawing


def _opened(stroke: Any) -> Any:
    """Take the points out of an object, and pairs out of a flat list."""
    if isinstance(stroke, dict):
        for x, y in (("x", "y"), ("xs", "ys")):
            if isinstance(stroke.get(x), list) and isinstance(stroke.get(y), list):
                return [stroke[x], stroke[y], [None]]  # the third list says that it is no list of points
        found = [stroke[name] for name in ("points", "path", "coords") if isinstance(stroke.get(name), list)]
        stroke = found[0] if found else stroke
    if isinstance(stroke, list) and len(stroke) >= 4 and len(stroke) % 2 == 0 and _is_numbers(stroke):
        return [list(pair) for pair in zip(stroke[::2], stroke[1::2], strict=True)]
    return stroke


def _forms(stroke: Any, number: int) -> set[str]:
    """Say which forms a stroke may have; an empty one may have all."""
    found = set()
    if isinstance(stroke, list | tuple):
        rows = [row for row in stroke if isinstance(row, list | tuple)]
        if len(rows) == len(stroke) >= 2 and len({len(row) for row in rows[:2]}) == 1 and _may_be_lists(rows):
            found.add("lists")
        if all(_is_point(point) for point in stroke):
            found.add("points")
        if not any(len(row) for row in rows) and len(rows) == len(stroke):
            return {"lists", "points"}
    if not found:
        raise ValueError(f"stroke {number} is not [xs, ys] with two lists of one length; {EXPECTED}")
    return found


def _may_be_lists(rows: list[Any]) -> bool:
    """Are there xs and ys, and perhaps times, which never run backwards?"""
    if len(rows) != 3:
        return len(rows) == 2
    times = rows[2]
    if not _is_numbers(times):
        return bool(times == [None])
    return len(times) == len(rows[0]) and all(a <= b for a, b in pairwise(times))


def _is_numbers(row: Any) -> bool:
    return isinstance(row, list) and all(isinstance(v, int | float) and not isinstance(v, bool) for v in row)


def _is_point(point: Any) -> bool:
    if isinstance(point, dict):
        return not any(isinstance(point.get(axis, []), list | dict) for axis in ("x", "y"))
    return _is_numbers(point) and 2 <= len(point) <= 4


def _turned(stroke: list[Any]) -> list[Any]:
    """Give points as [xs, ys]; whatever is no point is left out."""
    pairs = [(p["x"], p["y"]) if isinstance(p, dict) else p[:2] for p in stroke if _is_point(p)]
    return [list(axis) for axis in zip(*pairs, strict=True)] or [[], []]


def _meetings(strokes: Lists) -> int:
    """Count the pairs of ends of different strokes that are in one place."""
    ends: F64 = np.array([[(xs[n], ys[n]) for n in (0, -1)] for xs, ys in strokes if xs], np.float64)
    if len(ends) < 2:
        return 0
    reach = CLOSE * float(np.ptp(ends.reshape(-1, 2), axis=0).max())
    points = ends[:500].reshape(-1, 2)
    near = np.abs(points[:, None] - points[None]).max(2) <= reach
    owner = np.arange(len(points)) // 2
    return int(np.sum(near & (owner[:, None] < owner[None])))
