"""The judge: what is measured of a shape under each of its ways up, and networks that know what stands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sketchshape.encoders import Bundle
from sketchshape.resources import UPRIGHT
from sketchshape.types import F32, F64, Mesh
from sketchshape.upright.measures import measures
from sketchshape.upright.priors import prior
from sketchshape.upright.record import NETWORK, read_record

LIMIT = 4.0  # standard deviations from the mean beyond which a measure says no more
_OPPOSITE = (3, 4, 5, 0, 1, 2)
_BESIDE = ((1, 4), (2, 5), (0, 3), (1, 4), (2, 5), (0, 3)), ((2, 5), (0, 3), (1, 4), (2, 5), (0, 3), (1, 4))


@dataclass(frozen=True, eq=False)
class Judge:
    """Tells which axis of a shape points up; may be used from several threads at once.

    Args:
        weights: (networks, inputs, outputs) float32 of each layer, by name, as the file has them.
        warmth: what the sums of the ways are divided by, so that the probabilities are calibrated.
    """

    weights: dict[str, F32]
    warmth: float

    @classmethod
    def open(cls, bundle: Bundle | None = None, folder: Path = UPRIGHT) -> Judge:
        """Open the judge that ships.

        Args:
            bundle: the encoders of the index; this judge measures shapes and needs none of them.
            folder: of the judge.

        Raises:
            ArtefactError: a file is missing or changed, or it was made for another version.
        """
        record = read_record(folder)
        with np.load(folder / NETWORK) as stored:
            return cls({name: stored[name].astype(np.float32) for name in stored}, float(record["warmth"]))

    def scores(self, mesh: Mesh, suffix: str = "") -> F64:
        """Judge the ways up of a shape.

        Args:
            mesh: as it lies in its file, loaded with up="y".
            suffix: of its file, such as .stl: formats have their habits; "" tells nothing.

        Returns:
            (6,) float64, log-probabilities in the order of AXES.

        Raises:
            ValueError: the mesh has no faces.
        """
        if not len(mesh.faces):
            raise ValueError("the mesh has no faces, expected one at least")
        ways = self.stands(compared(measures(mesh))) / self.warmth + prior(suffix)
        return np.asarray(ways - np.logaddexp.reduce(ways))

    def stands(self, rows: F32) -> F64:
        """Tell how much each way looks like what stands.

        Args:
            rows: (6, 4 M) float32, as `compared` gives them.

        Returns:
            (6,) float64, the means of the networks.
        """
        weights = self.weights
        x = np.clip((rows - weights["mean"]) / weights["spread"], -LIMIT, LIMIT)[None]
        for layer in ("first", "second"):
            x = np.maximum(x @ weights[layer] + weights[f"{layer}.bias"][:, None], 0)
        x = x @ weights["last"] + weights["last.bias"][:, None]
        return np.asarray(x[..., 0].mean(axis=0), np.float64)


def compared(rows: F64) -> F32:
    """Put beside the measures of each way how they differ from those of the other ways.

    Args:
        rows: (6, M) float64, as `measures` gives them.

    Returns:
        (6, 4 M) float32: the measures, then what they are more than those of the way upside down, than the
        less and than the more of the means of the two pairs of ways beside it.
    """
    pairs = np.stack([np.stack([rows[list(pair)].mean(axis=0) for pair in side]) for side in _BESIDE])
    less, more = pairs.min(axis=0), pairs.max(axis=0)
    return np.concatenate([rows, rows - rows[list(_OPPOSITE)], rows - less, rows - more], axis=1).astype(
        np.float32
    )
