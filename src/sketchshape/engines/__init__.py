"""Engines: where the vectors of an index are held, and how the nearest are found."""

from sketchshape.engines.by_name import ENGINES, engine_named
from sketchshape.engines.engine import Engine, Rows, Where

__all__ = ["ENGINES", "Engine", "Rows", "Where", "engine_named"]
