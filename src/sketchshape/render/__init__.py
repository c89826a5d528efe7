"""Pictures of shapes: shaded views and line drawings, without a graphics card or a display."""

from sketchshape.render.camera import ELEVATIONS
from sketchshape.render.lines import render_lines
from sketchshape.render.shading import render_views
from sketchshape.render.sheet import contact_sheet
from sketchshape.render.view_cache import RENDERER_VERSION, cached_views, view_key

__all__ = [
    "ELEVATIONS",
    "RENDERER_VERSION",
    "cached_views",
    "contact_sheet",
    "render_lines",
    "render_views",
    "view_key",
]
