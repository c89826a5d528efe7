"""How much the score of the best shape tells: fitted on drawings that nothing was trained on."""

from __future__ import annotations

import numpy as np

from sketchshape.encoders.confidence import Confidence
from sketchshape.runs.embeddings import Embeddings
from sketchshape.types import F64

RIDGE = 2.5e-4  # keeps the curve finite where the two kinds of scores do not overlap
STEPS = 200


def calibrate(embeddings: Embeddings) -> Confidence | None:
    """Compare the best score of each query with what it is when its class is taken out of the gallery.

    Args:
        embeddings: of test sketches and gallery.

    Returns:
        The curve; None where no query has shapes of its class and others beside them, or none has one of its
        class first.
    """
    similarity = embeddings.similarity()
    own = embeddings.query_labels[:, None] == embeddings.gallery_labels[None]
    asked = own.any(1) & ~own.all(1)
    if not asked.any():
        return None
    similarity, own = similarity[asked], own[asked]
    present = similarity.max(1)
    absent = np.where(own, -np.inf, similarity).max(1)
    if not (present > absent).any():
        return None
    return fit_confidence(present.astype(np.float64), absent.astype(np.float64))


def fit_confidence(present: F64, absent: F64) -> Confidence:
    """Fit a logistic curve by maximum likelihood, with a slight pull towards a flat one.

    Scores are measured by their spread: those of a distance may lie within a hundredth of each other.

    Args:
        present: (n,) best scores where the gallery has the class.
        absent: (m,) best scores where it has not.

    Returns:
        The curve; `present` and `absent` weigh the same, however many each are.

    Raises:
        ValueError: one of them is empty, or `present` scores no higher than `absent`.
    """
    if not len(present) or not len(absent) or present.mean() <= absent.mean():
        raise ValueError("expected scores with the class and without it, the former higher on average")
    scores = np.concatenate([present, absent])
    center, spread = (present.mean() + absent.mean()) / 2, scores.std()
    rows = np.stack([(scores - center) / spread, np.ones_like(scores)], 1)
    wanted = np.repeat([1.0, 0.0], [len(present), len(absent)])
    weights = np.repeat([0.5 / len(present), 0.5 / len(absent)], [len(present), len(absent)])
    solution = np.zeros(2)
    for _ in range(STEPS):  # Newton; the function is convex
        found = 1 / (1 + np.exp(-rows @ solution))
        slope = rows.T @ (weights * (found - wanted)) + RIDGE * solution * [1, 0]
        curve = (rows * (weights * found * (1 - found))[:, None]).T @ rows + np.diag([RIDGE, 0])
        step = np.linalg.solve(curve, slope)
        solution = solution - step / max(1.0, float(np.abs(step).max()))  # at most 1 at once: no overshooting
        if np.abs(step).max() < 1e-10:
            break
    return Confidence(float(solution[0] / spread), float(center - spread * solution[1] / solution[0]))
