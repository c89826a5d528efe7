"""Find 3D shapes by drawing them.

The names here need no torch; each is loaded when it is first used, so that importing the package is instant.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from sketchshape.resources import VERSION as __version__

if TYPE_CHECKING:
    from sketchshape.encoders import Bundle
    from sketchshape.errors import MeshError, SketchError, SketchshapeError
    from sketchshape.images import draw_strokes, prepare, read_sketch
    from sketchshape.index import build_index
    from sketchshape.mesh import load_mesh
    from sketchshape.metrics import Scores, evaluate
    from sketchshape.render import render_lines, render_views
    from sketchshape.search import Searcher
    from sketchshape.types import Mesh, Ranking
    from sketchshape.upright.many import load_upright

_HOME = {
    "Bundle": "encoders",
    "Mesh": "types",
    "MeshError": "errors",
    "Ranking": "types",
    "Scores": "metrics",
    "Searcher": "search",
    "SketchError": "errors",
    "SketchshapeError": "errors",
    "build_index": "index",
    "draw_strokes": "images",
    "evaluate": "metrics",
    "load_upright": "upright.many",
    "load_mesh": "mesh",
    "prepare": "images",
    "read_sketch": "images",
    "render_lines": "render",
    "render_views": "render",
}
__all__ = [
    "Bundle",
    "Mesh",
    "MeshError",
    "Ranking",
    "Scores",
    "Searcher",
    "SketchError",
    "SketchshapeError",
    "__version__",
    "build_index",
    "draw_strokes",
    "evaluate",
    "load_mesh",
    "load_upright",
    "prepare",
    "read_sketch",
    "render_lines",
    "render_views",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'sketchshape' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"sketchshape.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
