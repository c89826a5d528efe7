"""Which of its six axes of a file points up, judged by the shape itself. No torch."""

from sketchshape.upright.choice import kept
from sketchshape.upright.folders import together
from sketchshape.upright.judge import Judge

__all__ = ["Judge", "kept", "together"]
