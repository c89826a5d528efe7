"""DCHML: DCML whose metric holds for a hidden layer of the networks too. [DCHML]."""

from __future__ import annotations

from dataclasses import dataclass

from sketchshape.train.methods import dcml


@dataclass(frozen=True)
class Options(dcml.Options):
    """As for DCML.

    Args:
        hidden_margin: of the 1000-d layer, in squared distance; 50 in the paper. After batch-norm two random
            rows of it are at about 90.
    """

    hidden_margin: float = 100.0


class DCHML(dcml.DCML):
    """The networks of DCML, with the loss of the outputs and of the hidden layer."""

    options: Options

    @property
    def margins(self) -> dict[int, float]:
        """The margins of output and hidden layer."""
        return {-1: self.options.margin, dcml.HIDDEN: self.options.hidden_margin}
