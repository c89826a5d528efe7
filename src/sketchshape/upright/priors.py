"""What the format of a file tells about its way up before the shape is looked at."""

from __future__ import annotations

import numpy as np

from sketchshape.mesh import AXES
from sketchshape.types import F64

_SHARES = {
    # Their specifications say that Y points up; what breaks it was exported by a careless tool.
    ".glb": {"y": 0.95, "z": 0.03},
    ".gltf": {"y": 0.95, "z": 0.03},
    # Programs for printing and for construction have Z up; what was converted from other formats has often Y.
    ".stl": {"z": 0.7, "y": 0.2},
    ".3mf": {"z": 0.85, "y": 0.1},
    ".step": {"z": 0.7, "y": 0.2},
    ".stp": {"z": 0.7, "y": 0.2},
}


def prior(suffix: str) -> F64:
    """Give the logarithms of the probabilities of the ways up for a format.

    Args:
        suffix: of the file, in either case, such as .stl; what tells nothing has all ways alike.

    Returns:
        (6,) float64, in the order of AXES.
    """
    shares = _SHARES.get(suffix.lower(), {})
    rest = (1 - sum(shares.values())) / (len(AXES) - len(shares))
    return np.log([shares.get(way, rest) for way in AXES])
