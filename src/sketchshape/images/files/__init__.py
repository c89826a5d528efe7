"""Drawings in the files of other programs: what is in them becomes strokes [[xs, ys], ...], or a picture."""
