"""Drawings of tldraw: a .tldr file, or a snapshot of its store; of several pages the first."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from sketchshape.images.files.outlines import (
    check_count,
    diamond,
    ellipse,
    polygon,
    rectangle,
    smooth,
    star,
    turned,
)
from sketchshape.types import F64

MAX_DEPTH = 100  # of groups in groups
TRIANGLE = [(0.5, 0.0), (1.0, 1.0), (0.0, 1.0)]
TRAPEZOID = [(0.25, 0.0), (0.75, 0.0), (1.0, 1.0), (0.0, 1.0)]
RHOMBUS = [(0.25, 0.0), (1.0, 0.0), (0.75, 1.0), (0.0, 1.0)]
FIGURES: dict[str, Callable[[float, float], F64]] = {
    "ellipse": ellipse,
    "oval": ellipse,
    "diamond": diamond,
    "triangle": lambda w, h: polygon(w, h, TRIANGLE),
    "trapezoid": lambda w, h: polygon(w, h, TRAPEZOID),
    "rhombus": lambda w, h: polygon(w, h, RHOMBUS),
    "rhombus-2": lambda w, h: polygon(w, h, [(1 - x, y) for x, y in RHOMBUS]),
    "star": star,
    "pentagon": lambda w, h: polygon(w, h, [(0.5, 0), (1, 0.38), (0.81, 1), (0.19, 1), (0, 0.38)]),
    "hexagon": lambda w, h: polygon(w, h, [(0.25, 0), (0.75, 0), (1, 0.5), (0.75, 1), (0.25, 1), (0, 0.5)]),
    "octagon": lambda w, h: turned(star(h, w, 4, 1.0), 0.0) @ np.array([[0.0, 1.0], [1.0, 0.0]]),
}
EXPECTED = "expected draw, line, arrow or geo"


def is_store(value: dict[str, Any]) -> bool:
    """Is an object a file of tldraw, or a snapshot of its store?"""
    return "tldrawFileFormatVersion" in value or bool(_records(value)) or _old_page(value) is not None


def strokes(value: dict[str, Any]) -> list[F64]:
    """Give the lines of the first page, each (n, 2).

    Raises:
        ValueError: there is no line in it.
        KeyError, TypeError: it is damaged.
    """
    old = _old_page(value)
    if old is not None:
        shapes = [one for one in old["shapes"].values() if not one.get("isGhost")]
        check_count(len(shapes))
        lines = [line for one in shapes for line in _old_lines(one)]
    else:
        records = {str(one["id"]): one for one in _records(value)}
        shapes = [one for one in records.values() if one.get("typeName", "shape") == "shape" and "x" in one]
        on_page, chains, count = _first_page(records), list[list[Any]](), 0
        for one in shapes:
            if chain := _holders(one, records, on_page):
                chains.append(chain)
                count += len(chain)
                check_count(count)
        lines = [line for chain in chains for line in _placed(chain) if chain[0].get("opacity", 1)]
    if not lines:
        kinds = ", ".join(f"{count} {kind}" for kind, count in Counter(one["type"] for one in shapes).items())
        raise ValueError(f"no ink: the tldraw page has {kinds or 'no shape'}, {EXPECTED}")
    return lines


def _records(value: dict[str, Any]) -> list[dict[str, Any]]:
    document = value.get("document")
    for holder in (value, document if isinstance(document, dict) else {}):
        for name in ("records", "store", "shapes"):
            found = holder.get(name)
            rows = list(found.values()) if isinstance(found, dict) else found
            if isinstance(rows, list) and rows and all(isinstance(one, dict) and "id" in one for one in rows):
                return rows
    return []


def _first_page(records: dict[str, dict[str, Any]]) -> str | None:
    pages = [one for one in records.values() if one.get("typeName") == "page"]
    parents = {str(one.get("parentId")) for one in records.values()}
    filled = [one for one in pages if str(one["id"]) in parents]
    return str(min(filled, key=lambda one: str(one.get("index", "")))["id"]) if filled else None


def _holders(shape: dict[str, Any], records: dict[str, dict[str, Any]], page: str | None) -> list[Any]:
    """Give a shape with the groups and frames around it, from inside out; none beside the page."""
    chain = [shape]
    while len(chain) <= MAX_DEPTH:
        parent = str(chain[-1].get("parentId", page))
        if parent not in records or records[parent].get("typeName") == "page":
            return chain if page is None or parent == page else []
        chain.append(records[parent])
    raise ValueError(f"groups in groups are more than {MAX_DEPTH} deep")


def _placed(chain: list[dict[str, Any]]) -> list[F64]:
    """Take the lines of a shape through its groups and frames onto the page."""
    lines = _lines(chain[0])
    for holder in chain:
        shift = (float(holder["x"]), float(holder["y"]))
        lines = [turned(line, float(holder.get("rotation") or 0)) + shift for line in lines]
    return lines


def _lines(shape: dict[str, Any]) -> list[F64]:
    kind, props = shape["type"], shape.get("props", {})
    if kind in ("draw", "highlight"):
        parts = [_segment(one) for one in props["segments"]]
        points = np.concatenate(parts) if parts else np.zeros((0, 2))
        scale = (float(props.get("scaleX", 1)), float(props.get("scaleY", 1)))
        return [np.concatenate([points, points[:1]]) * scale if props.get("isClosed") else points * scale]
    if kind == "line":
        points = _in_order(props.get("points") or props.get("handles") or {})
        return [smooth(points) if props.get("spline") == "cubic" else points]
    if kind == "arrow":
        ends = [props.get(name, {}) for name in ("start", "end")]
        if all("x" in end for end in ends):
            return [
                _bent(np.array([[end["x"], end["y"]] for end in ends], float), float(props.get("bend", 0)))
            ]
    if kind == "geo":
        figure = FIGURES.get(str(props.get("geo")), rectangle)
        return [figure(float(props["w"]), float(props["h"]) + float(props.get("growY") or 0))]
    return []


def _segment(segment: dict[str, Any]) -> F64:
    """Give the points of a part of a stroke: a list, or base64 of float16, which newer files have."""
    if isinstance(segment.get("path"), str):  # a first point of float32, then steps of float16
        data = base64.b64decode(segment["path"], validate=True)
        points = _steps(data, 3) if len(data) % 6 == 0 else _steps(data, 2)
        pressed = points[:, -1] if points.shape[1] == 3 else np.zeros(1)
        return (points if pressed.min() >= 0 and pressed.max() <= 1 else _steps(data, 2))[:, :2]
    if isinstance(segment.get("points"), str):
        data = base64.b64decode(segment["points"], validate=True)
        return np.frombuffer(data, "<f2").astype(np.float64).reshape(-1, 3)[:, :2]
    return np.array([[point["x"], point["y"]] for point in segment["points"]], np.float64).reshape(-1, 2)


def _steps(data: bytes, axes: int) -> F64:
    first = np.frombuffer(data[: 4 * axes], "<f4").astype(np.float64)
    steps = np.frombuffer(data[4 * axes :], "<f2").astype(np.float64).reshape(-1, axes)
    return np.cumsum(np.concatenate([first[None], steps]), axis=0)


def _in_order(points: dict[str, Any] | list[Any]) -> F64:
    rows = list(points.values()) if isinstance(points, dict) else points
    rows = sorted(rows, key=lambda one: str(one.get("index", "")))
    return np.array([[one["x"], one["y"]] for one in rows], np.float64).reshape(-1, 2)


def _bent(ends: F64, bend: float) -> F64:
    across = (ends[1] - ends[0])[::-1] * (1, -1)
    length = float(np.hypot(*across)) or 1.0
    return smooth(np.stack([ends[0], ends.mean(0) + across * bend / length, ends[1]])) if bend else ends


def _old_page(value: dict[str, Any]) -> dict[str, Any] | None:
    """Give the first page of a file of tldraw 1, whose shapes are not records of a store."""
    document = value.get("document", value)
    pages = document.get("pages") if isinstance(document, dict) else None
    if not isinstance(pages, dict):
        return None
    found = [one for one in pages.values() if isinstance(one, dict) and isinstance(one.get("shapes"), dict)]
    return next((one for one in found if one["shapes"]), found[0] if found else None)


def _old_lines(shape: dict[str, Any]) -> list[F64]:
    kind = shape["type"]
    if kind == "draw":
        points = np.array([point[:2] for point in shape["points"]], np.float64).reshape(-1, 2)
    elif kind in ("line", "arrow"):
        points = np.array([shape["handles"][name]["point"] for name in ("start", "end")], np.float64)
    elif kind in ("rectangle", "triangle"):
        points = FIGURES.get(kind, rectangle)(*map(float, shape["size"]))
    elif kind == "ellipse":
        points = ellipse(*(2 * float(radius) for radius in shape["radius"]))
    else:
        return []
    middle = (points.min(0) + points.max(0)) / 2 if len(points) else np.zeros(2)
    place = np.asarray(shape["point"], np.float64)
    return [turned(points, float(shape.get("rotation") or 0), middle) + place]
