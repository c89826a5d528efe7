"""Parts of a ranking: the best of many scores, and which folders count."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from sketchshape.types import F32, I64


def falling(scores: F32, k: int | None) -> I64:
    """Give the places of the k largest scores, the largest first, of equal ones the first."""
    if k is None or k >= len(scores):
        return np.argsort(-scores, kind="stable")
    least = np.partition(scores, len(scores) - k)[len(scores) - k]
    places = np.flatnonzero(scores >= least)
    return places[np.argsort(-scores[places], kind="stable")][:k]


def inside_of(folder: str | Path) -> Callable[[str], bool]:
    """Make a test for folders: this one or below it, or with a part of this name."""
    text = os.fspath(folder).strip()
    if os.sep not in text.rstrip(os.sep) and not Path(text).is_dir():
        name = text.rstrip(os.sep).casefold()
        return lambda path: name in path.casefold().split(os.sep)
    start = os.path.join(os.path.abspath(text), "")
    return lambda path: os.path.join(path, "").startswith(start)
