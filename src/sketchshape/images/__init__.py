"""Pictures: files and strokes become sketches, and every picture is prepared in one way for a network."""

from sketchshape.images.augment import variants
from sketchshape.images.drawing_file import read_drawing_bytes, read_drawing_file
from sketchshape.images.ink import read_sketch, to_ink
from sketchshape.images.preprocessing import PREPROCESSING_VERSION, prepare, prepare_views
from sketchshape.images.stroke_augment import StrokeChanges, vary_strokes
from sketchshape.images.stroke_files import read_strokes
from sketchshape.images.strokes import Strokes, draw_strokes
from sketchshape.images.taps import without_taps

__all__ = [
    "PREPROCESSING_VERSION",
    "StrokeChanges",
    "Strokes",
    "draw_strokes",
    "prepare",
    "prepare_views",
    "read_drawing_bytes",
    "read_drawing_file",
    "read_sketch",
    "read_strokes",
    "to_ink",
    "variants",
    "vary_strokes",
    "without_taps",
]
