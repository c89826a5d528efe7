"""Readers that stand on a library of their own, which comes with an extra of sketchshape."""
