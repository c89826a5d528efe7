"""The judge: pictures of a shape under each of its ways up, and a network that knows what stands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.encoders import Bundle
from sketchshape.encoders.network import open_network, run_network
from sketchshape.resources import UPRIGHT
from sketchshape.types import F64, Mesh
from sketchshape.upright.pictures import CHANNELS, SIDES, SIZE, draw
from sketchshape.upright.priors import prior
from sketchshape.upright.record import NETWORK, read_record


@dataclass(frozen=True, eq=False)
class Judge:
    """Tells which axis of a shape points up; may be used from several threads at once.

    Args:
        network: a session of ONNX Runtime, from pictures to how much each looks upright.
        warmth: what the means of the ways are divided by, so that the probabilities are calibrated.
    """

    network: Any
    warmth: float

    @classmethod
    def open(cls, bundle: Bundle | None = None, folder: Path = UPRIGHT) -> Judge:
        """Open the judge that ships.

        Args:
            bundle: the encoders of the index; this judge has a network of its own and needs none of them.
            folder: of the judge.

        Raises:
            ArtefactError: a file is missing or changed, or it was made for another version.
        """
        record = read_record(folder)
        return cls(open_network(folder / NETWORK, 1), float(record["warmth"]))

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
        pictures = draw(mesh).reshape(-1, CHANNELS, SIZE, SIZE)
        looks = run_network(self.network, pictures, (CHANNELS, SIZE, SIZE), ())
        ways = looks.reshape(-1, SIDES).astype(np.float64).mean(axis=1) / self.warmth + prior(suffix)
        return np.asarray(ways - np.logaddexp.reduce(ways))
