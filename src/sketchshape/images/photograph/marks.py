"""Marks of a pen among grain, shadows and whatever else is dark."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sketchshape.types import F32, I64

Mask = NDArray[np.bool_]
SURE, WEAK = 7.0, 3.5  # deviations of the paper's grain: a mark has a pixel above one and all above the other
LEAST = 0.035  # part of the paper's light that a mark misses at least
OF_STRONG = (0.45, 0.22)  # the same, as parts of how dark the pen is
STRONG = 0.9  # of the sure pixels, from the lightest, where the pen's darkness is measured
WITHIN = 0.1  # of a mark that lies within the sheet
SEEDS = 4  # pixels that are surely dark; fewer may be chance
BAND = 0.06  # of the shorter side; what lies within that along the border is the lid of a scanner
PART = 0.15  # of what reaches the border; a drawing inside has at least so much
AT_BORDER = 2  # pixels; what reaches so near the picture's border may be no mark


def find_marks(missing: F32, allowed: Mask | None) -> Mask | None:
    """Find the pixels of a pen by a threshold with hysteresis that follows the grain of the paper.

    Args:
        missing: (H, W) float32, 0..1, how much darker than its paper a pixel is.
        allowed: (H, W) bool, the sheet; None is the whole picture.

    Returns:
        (H, W) bool; None where there is no mark.
    """
    from scipy.ndimage import label

    paper = missing if allowed is None else missing[allowed]
    middle = float(np.median(paper))
    grain = 1.48 * float(np.median(np.abs(paper - middle)))
    sure = missing > max(middle + SURE * grain, middle + LEAST)
    if allowed is not None:
        sure &= allowed
    if not sure.any():
        return None
    strong = float(np.quantile(missing[sure], STRONG))
    seeds = sure & (missing > OF_STRONG[0] * strong)
    weak = missing > max(middle + WEAK * grain, OF_STRONG[1] * strong)
    parts, count = label(weak, np.ones((3, 3)))
    kept = np.bincount(parts[seeds], minlength=count + 1) >= SEEDS
    kept[0] = False
    if (
        allowed is not None
    ):  # a line that leaves the sheet is kept whole: the sheet may be more than was found
        inside = np.bincount(parts[allowed], minlength=count + 1)
        kept &= inside > WITHIN * np.bincount(parts.ravel(), minlength=count + 1)
    kept = _off_the_border(parts, kept)
    marks = kept[parts]
    return marks if marks.any() else None


def _off_the_border(parts: I64, kept: Mask) -> Mask:
    """Leave out what reaches the picture's border, if enough is left."""
    edge = np.zeros(parts.shape, bool)
    edge[:AT_BORDER] = edge[-AT_BORDER:] = edge[:, :AT_BORDER] = edge[:, -AT_BORDER:] = True
    touching = np.zeros_like(kept)
    touching[parts[edge]] = True
    band = np.ones(parts.shape, bool)
    wide = max(AT_BORDER, round(BAND * min(parts.shape)))
    band[wide:-wide, wide:-wide] = False
    areas = np.bincount(parts.ravel(), minlength=len(kept))
    lid = touching & (np.bincount(parts[band], minlength=len(kept)) > 0.5 * areas)
    within = kept & ~lid if (kept & ~lid).any() else kept
    inside = within & ~touching
    return inside if areas[inside].sum() > PART * np.max(areas[within & touching], initial=0) else within
