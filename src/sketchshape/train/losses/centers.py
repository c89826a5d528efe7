"""Class centers: the file that joins teacher and student, and a look at where they will lead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from sketchshape.errors import ArtefactError
from sketchshape.files import atomic
from sketchshape.train.losses.guidance import check_push
from sketchshape.types import F32, F64

FORMAT = 1
GOOD = 0.5  # cosine of a target to its center; 171 random directions with lambda 0.1 reach 0.61


def class_centers(embeddings: NDArray[Any], labels: NDArray[Any], classes: Sequence[str]) -> F32:
    """Average the L2-normalised embeddings of each class. [CGN] section 3.2.

    Args:
        embeddings: (n, D) of the teacher, any length of rows.
        labels: (n,) integers 0..N-1.
        classes: names of the N classes.

    Returns:
        (N, D) float32; the length of a row, at most 1, tells how compact its class is.

    Raises:
        ValueError: a class has no item, or a label no class.
    """
    rows, numbers = np.asarray(embeddings, np.float64), np.asarray(labels)
    if rows.ndim != 2 or numbers.shape != rows.shape[:1]:
        raise ValueError(f"embeddings {rows.shape} and labels {numbers.shape}, expected (n, D) and (n,)")
    if numbers.size and not 0 <= numbers.min() <= numbers.max() < len(classes):
        raise ValueError(f"labels are {numbers.min()} to {numbers.max()}, expected 0 to {len(classes) - 1}")
    counts = np.bincount(numbers, minlength=len(classes))
    if missing := [name for name, count in zip(classes, counts, strict=True) if count == 0]:
        raise ValueError(f"no training item of class {', '.join(missing)}: its center is unknown")
    total = np.zeros((len(classes), rows.shape[1]))
    np.add.at(total, numbers, _unit(rows))
    return (total / counts[:, None]).astype(np.float32)


@dataclass(frozen=True, eq=False)
class TargetCheck:
    """Where the guidance loss is smallest, for each class.

    Args:
        cosine: (N,) cosine of that point to the center of its class.
        nearest: (N,) whether no other center is nearer.
        center: (N,) index of the nearest center.
    """

    cosine: F64
    nearest: NDArray[np.bool_]
    center: NDArray[np.int64]

    def warning(self, classes: Sequence[str]) -> str | None:
        """Say which classes would be trained to a wrong place, and what to do; None when all are right."""
        wrong = np.flatnonzero(~self.nearest | (self.cosine < GOOD))
        if not len(wrong):
            return None
        shown = ", ".join(self._describe(y, classes) for y in wrong[:3])
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        return (
            f"the guidance loss leads {len(wrong)} of {len(classes)} classes away from their centers: "
            f"{shown}{more}; lower student.weight, or set student.away=mean"
        )

    def _describe(self, label: int, classes: Sequence[str]) -> str:
        other = "" if self.nearest[label] else f", nearer to {classes[self.center[label]]}"
        return f"{classes[label]} (cosine {self.cosine[label]:.2f}{other})"


def target_check(centers: NDArray[Any], weight: float = 0.1, away: str = "sum") -> TargetCheck:
    """Find the unit vector with the smallest guidance loss for each class, in closed form.

    The loss is linear in a unit vector f, so the best f for class y has the direction of
    c_y - weight * (sum of the other unit centers), which with `mean` is divided by their number.

    Args:
        centers: (N, D), N at least 2, any length of rows.
        weight: lambda of [CGN] eq. (1), 0 or more.
        away: sum or mean, as in the loss.

    Returns:
        How far each target is from its own center, and whether another one is nearer.

    Raises:
        ValueError: `weight` or `away` is out of its range, or there are less than 2 centers.
    """
    check_push(len(centers), weight, away)
    unit = _unit(np.asarray(centers, np.float64))
    push = weight / (len(unit) - 1) if away == "mean" else weight
    targets = _unit((1 + push) * unit - push * unit.sum(0))
    table = targets @ unit.T
    center = table.argmax(1)
    own = np.arange(len(unit))
    return TargetCheck(table[own, own], table[own, own] >= table.max(1), center)


@dataclass(frozen=True, eq=False)
class Centers:
    """What the teacher hands to the student.

    Args:
        values: (N, D) float32.
        classes: their names, in the order of the labels.
        key: hash of the settings and data that they were made with.
    """

    values: F32
    classes: tuple[str, ...]
    key: str

    def save(self, path: Path) -> None:
        """Write to an .npz file, atomically."""
        with atomic(path) as temporary, temporary.open("wb") as out:
            np.savez(out, format=FORMAT, values=self.values, classes=np.array(self.classes), key=self.key)

    @classmethod
    def load(cls, path: Path, key: str | None = None) -> Centers:
        """Read them back.

        Args:
            path: the file.
            key: hash that they must have been made with; None takes any.

        Returns:
            The centers.

        Raises:
            ArtefactError: the file is not there or damaged, or has another format or key.
        """
        try:
            with path.open("rb") as stream, np.load(stream) as file:
                version, stored = int(file["format"]), str(file["key"])
                values, classes = file["values"], tuple(str(name) for name in file["classes"])
        except (OSError, KeyError, ValueError, BadZipFile) as error:
            raise ArtefactError(f"{path}: no class centers ({error}); train the teacher again") from None
        if version != FORMAT:
            raise ArtefactError(f"{path}: format {version}, expected {FORMAT}; train the teacher again")
        if key is not None and stored != key:
            raise ArtefactError(
                f"{path}: made with other settings or data; remove it and train the teacher again"
            )
        return cls(values, classes, stored)


def _unit(rows: F64) -> F64:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: F64 = rows / np.maximum(lengths, 1e-12)
    return unit
