"""Find shapes: trained encoders on ONNX Runtime, an index of a library, and exact search. No torch."""

from sketchshape.search.bundle import Bundle, default_bundle
from sketchshape.search.catalogue import Catalogue, Entry
from sketchshape.search.indexing import IndexSummary, build_index
from sketchshape.search.searcher import Searcher

__all__ = ["Bundle", "Catalogue", "Entry", "IndexSummary", "Searcher", "build_index", "default_bundle"]
