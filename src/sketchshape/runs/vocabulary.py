"""What a bundle knows of words: fitted on drawings whose words are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from sketchshape.encoders.likeness import Likeness
from sketchshape.encoders.vocabulary import Vocabulary
from sketchshape.types import F32, I64

SHARPEST = 100.0


@dataclass(frozen=True, eq=False)
class Labelled:
    """Embeddings of drawings whose words are known.

    Args:
        rows: (n, D) float32, prepared for the likeness.
        labels: (n,) int64, places of words.
    """

    rows: F32
    labels: I64


def fit_vocabulary(
    names: tuple[str, ...], learned: Labelled, held: Labelled, likeness: Likeness
) -> Vocabulary:
    """Find where the drawings of each word lie, and how surely the likeness to them tells the word.

    Args:
        names: of the words.
        learned: drawings, of each word one or more.
        held: drawings that nothing was trained on, of any words.
        likeness: of the bundle.

    Returns:
        The words.

    Raises:
        ValueError: a word has no drawing.
    """
    counts = np.bincount(learned.labels, minlength=len(names))
    if not counts.all():
        raise ValueError(f"no drawing of {names[int(counts.argmin())]!r}, expected one or more of each word")
    sums = np.zeros((len(names), learned.rows.shape[1]))
    np.add.at(sums, learned.labels, learned.rows)
    vectors = likeness.prepare((sums / counts[:, None]).astype(np.float32))
    single = Vocabulary(names, vectors, 1.0)
    return Vocabulary(names, vectors, _sharpness(single.alike(held.rows, likeness), held.labels))


def _sharpness(alike: F32, labels: I64) -> float:
    """Find by maximum likelihood what likenesses (W, n) are multiplied with before the softmax."""

    def loss(sharpness: float) -> float:
        logits = sharpness * alike.astype(np.float64)
        return float(np.mean(np.logaddexp.reduce(logits, 0) - logits[labels, np.arange(len(labels))]))

    return float(minimize_scalar(loss, bounds=(0.0, SHARPEST), method="bounded").x)
