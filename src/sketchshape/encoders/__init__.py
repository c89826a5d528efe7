"""Trained encoders on ONNX Runtime, as they are searched with. No torch."""

from sketchshape.encoders.bundle import Bundle, default_bundle

__all__ = ["Bundle", "default_bundle"]
