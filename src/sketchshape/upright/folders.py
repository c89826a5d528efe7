"""Files of one folder tell about each other: what one tool wrote has one axis up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sketchshape.types import F64

COMMON = 0.5
"""Probability that the files of a folder have an axis in common, before they are looked at."""
STRAY = 0.1
"""Probability that a file of such a folder is none of them, and has any way up."""


def together(scores: F64, folders: Sequence[str]) -> F64:
    """Judge files again, each in the light of the others of its folder.

    A folder has a common axis with the probability COMMON, any of the six, which all but STRAY of its files
    have; or each of its files has its own. Both are weighed by what the scores say, so that the files of a
    mixed folder stay as they are.

    Args:
        scores: (n, 6) float64, log-probabilities of each file by itself, in the order of AXES.
        folders: of each file; what is equal is one folder.

    Returns:
        (n, 6) float64, log-probabilities.

    Raises:
        ValueError: the numbers of scores and folders differ.
    """
    scores = np.asarray(scores, np.float64)
    if scores.shape != (len(folders), 6):
        raise ValueError(
            f"scores are {scores.shape}, expected ({len(folders)}, 6): six for each folder given"
        )
    result = scores.copy()
    _, group = np.unique(np.asarray(folders, str), return_inverse=True)
    for rows in np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))):
        if len(rows) > 1:
            result[rows] = _in_one(scores[rows])
    return result


def _in_one(scores: F64) -> F64:
    alone = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    # Of each file: how likely it is if the common axis is this one; 0 would be that of any axis.
    loyal = np.log((1 - STRAY) * 6)
    here = np.logaddexp(np.log(STRAY), loyal + alone)
    axes = here.sum(axis=0) - np.log(6)
    common = np.logaddexp.reduce(axes)
    chance = 1 / (1 + np.exp(np.clip(np.log1p(-COMMON) - np.log(COMMON) - common, -700, 700)))
    share = np.exp(axes - common)
    # Given a common axis: a file has it, or strays to any other by what it looks like.
    chances = np.exp(alone)
    stray = STRAY * np.exp(-here) * share
    within = share * np.exp(loyal + alone - here) + chances * stray.sum(axis=1, keepdims=True)
    return np.asarray(np.log(np.maximum(chance * within + (1 - chance) * chances, 1e-300)))
