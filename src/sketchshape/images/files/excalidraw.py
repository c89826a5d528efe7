"""Scenes of Excalidraw, as .excalidraw, as .json, or from the clipboard."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from sketchshape.images.files.outlines import check_count, diamond, ellipse, rectangle, smooth, turned
from sketchshape.types import F64

LINES = ("freedraw", "line", "arrow", "draw")
FIGURES = {"rectangle": rectangle, "ellipse": ellipse, "diamond": diamond}
EXPECTED = f"expected {', '.join((*LINES[:3], *FIGURES))}"


def is_scene(value: dict[str, Any]) -> bool:
    """Is an object a scene of Excalidraw?"""
    elements = value.get("elements")
    return str(value.get("type", "")).startswith("excalidraw") or (
        isinstance(elements, list)
        and all(isinstance(one, dict) and "type" in one and "x" in one for one in elements)
    )


def strokes(scene: dict[str, Any]) -> list[F64]:
    """Give the lines of a scene, each (n, 2); what was deleted, texts and pictures are left out.

    Raises:
        ValueError: there is no line in it.
        KeyError, TypeError: it is damaged.
    """
    kept = [one for one in scene.get("elements", []) if not one.get("isDeleted") and one.get("opacity", 100)]
    check_count(len(kept))
    lines = [_line(element) for element in kept if element["type"] in (*LINES, *FIGURES)]
    if not lines:
        kinds = ", ".join(f"{count} {kind}" for kind, count in Counter(one["type"] for one in kept).items())
        raise ValueError(f"no ink: the Excalidraw scene has {kinds or 'no element'}, {EXPECTED}")
    return lines


def _line(element: dict[str, Any]) -> F64:
    if element["type"] in FIGURES:
        points = FIGURES[element["type"]](float(element["width"]), float(element["height"]))
    else:
        points = np.array([point[:2] for point in element["points"]], np.float64).reshape(-1, 2)
        if element["type"] != "freedraw" and element.get("roundness"):
            points = smooth(points)
    middle = (points.min(0) + points.max(0)) / 2 if len(points) else np.zeros(2)
    place = np.array([element["x"], element["y"]], np.float64)
    return turned(points, float(element.get("angle") or 0), middle) + place
