"""The index of a library: what is in it, kept up to date."""

from sketchshape.index.build import IndexSummary, build_index
from sketchshape.index.catalogue import Catalogue, Entry
from sketchshape.index.turn import turn_shape

__all__ = ["Catalogue", "Entry", "IndexSummary", "build_index", "turn_shape"]
