"""The bundled sample: a small data set that anybody may use and pass on."""

from __future__ import annotations

from pathlib import Path

from sketchshape.resources import SAMPLE


def sample_root() -> Path:
    """Give the folder of the bundled sample; its README.md and manifest.csv name authors and licences."""
    return SAMPLE
