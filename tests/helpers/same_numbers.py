"""Figures that each machine should find again: views, embeddings and scores of three shapes and drawings.

Write those of the bundle that ships: PYTHONPATH=tests/helpers python tests/helpers/same_numbers.py
"""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.encoders import Bundle
from sketchshape.images import draw_strokes, prepare, prepare_views
from sketchshape.render import render_lines, render_views
from sketchshape.types import Mesh

FOLDER = Path(__file__).parents[1] / "reliability/figures"  # of each bundle a file
SIDE, KEPT = 64, 16  # of a view, and numbers of an embedding


def shapes() -> list[Mesh]:
    """A ball with waves, a ring and a screw, of some thousand triangles each."""
    rows, columns = np.meshgrid(np.linspace(0, 1, 49), np.linspace(0, 1, 65), indexing="ij")
    a, b = 2 * np.pi * columns, np.pi * rows
    ball = (1 + 0.1 * np.cos(5 * a)) * [np.sin(b) * np.cos(a), np.cos(b), np.sin(b) * np.sin(a)]
    c = 2 * np.pi * rows
    ring = np.array([(2 + 0.5 * np.cos(c)) * np.cos(a), 0.5 * np.sin(c), (2 + 0.5 * np.cos(c)) * np.sin(a)])
    screw = np.array([rows * np.cos(3 * a), 3 * columns, rows * np.sin(3 * a)])
    return [_mesh(points) for points in (ball, ring, screw)]


def drawings() -> list[np.ndarray]:
    """A circle, a ring and a zigzag, prepared for the sketch encoder of the bundle that ships."""
    turn = np.linspace(0, 2 * np.pi, 60)
    circle = [(100 + 90 * np.cos(turn)).tolist(), (100 + 90 * np.sin(turn)).tolist()]
    inner = [(100 + 40 * np.cos(turn)).tolist(), (100 + 40 * np.sin(turn)).tolist()]
    zigzag = [[20, 180, 20, 180, 20], [10, 50, 90, 130, 170]]
    return [draw_strokes(strokes) for strokes in ([circle], [circle, inner], [zigzag])]


def figures(bundle: Bundle) -> dict[str, Any]:
    """Give what is stored of a bundle."""
    views, rows = bundle.views, []
    for mesh in shapes():
        pictures = prepare_views(render_views(mesh, views.count, views.size, views.elevations), bundle.size)
        lines = bundle.lines
        drawn = lines and render_lines(mesh, lines.count, lines.size, lines.elevations)
        prepared = None if drawn is None else prepare_views(drawn, bundle.sketch_size)
        rows.append(bundle.embed_shape(pictures, prepared))
    asked = bundle.embed_sketches(np.stack([prepare(ink, bundle.sketch_size) for ink in drawings()]))
    return {
        "views": base64.b64encode(zlib.compress(small_views(), 9)).decode(),
        "shapes": [row.ravel()[:KEPT].tolist() for row in rows],
        "sketches": asked[:, :KEPT].tolist(),
        "scores": bundle.likeness.between(asked, np.stack(rows)).tolist(),
        "classes": bundle.likeness.between(asked, bundle.centers).max(1).tolist(),
    }


def small_views() -> bytes:
    """Give three views of each shape."""
    return np.concatenate([render_views(mesh, 3, SIDE) for mesh in shapes()]).tobytes()


def stored(bundle: Bundle) -> Path:
    """Name the file of the figures of a bundle."""
    return FOLDER / f"{bundle.hash[:12]}.json"


def unpacked(text: str) -> np.ndarray:
    """Give stored views: (9, SIDE, SIDE) uint8."""
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8).reshape(-1, SIDE, SIDE)


def _mesh(points: np.ndarray) -> Mesh:
    """Join a grid of points (3, R, C) to triangles."""
    _, rows, columns = points.shape
    at = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = at[:-1, :-1], at[:-1, 1:], at[1:, 1:], at[1:, :-1]
    faces = np.stack([a, b, c, a, c, d], -1).reshape(-1, 3)
    return Mesh(points.reshape(3, -1).T.astype(np.float32), faces.astype(np.int32))


if __name__ == "__main__":
    own = Bundle.open()
    FOLDER.mkdir(exist_ok=True)
    stored(own).write_text(json.dumps(figures(own), indent=0) + "\n")
    print(stored(own))
