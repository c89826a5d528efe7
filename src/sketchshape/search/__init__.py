"""Find shapes in an index: exact search by drawing, likeness, class and words."""

from sketchshape.search.searcher import Searcher

__all__ = ["Searcher"]
