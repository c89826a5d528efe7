"""What another protocol would ask, asked of a network that was trained on the closed gallery.

Shapes that were held out are harder to find than shapes that were learned from; but a part of a gallery is
another task than the whole of it. So the fair comparison of two protocols takes the same sketches and the
same shapes, and only the training differs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sketchshape.config.data import DataSettings
from sketchshape.datasets import Dataset, divide
from sketchshape.datasets.parts import Inputs, Part
from sketchshape.errors import ConfigError, DatasetError
from sketchshape.types import I64


@dataclass(frozen=True, eq=False)
class Asked:
    """A part of the queries and of the gallery.

    Args:
        queries: (q,) indices of test sketches.
        gallery: (g,) indices of shapes.
    """

    queries: I64
    gallery: I64


def other_protocols(dataset: Dataset, inputs: Inputs, data: DataSettings) -> dict[str, Asked]:
    """Find what the protocols held-out and unseen ask.

    Args:
        dataset: the items.
        inputs: their arrays, of the closed gallery.
        data: settings of the protocols.

    Returns:
        Protocol -> the part; empty where the gallery is not closed. A protocol that this data set does not
        allow, for its classes are too small, is left out.
    """
    if data.protocol != "closed":
        return {}
    found = {}
    for protocol in ("held-out", "unseen"):
        try:
            task = divide(dataset, replace(data, protocol=protocol))
        except (ConfigError, DatasetError):
            continue
        asked, ranked = {item.id for item in task.test}, {item.id for item in task.gallery}
        part = Asked(_places(inputs.test, asked), _places(inputs.gallery, ranked))
        if set(inputs.test.labels[part.queries]) & set(inputs.gallery.labels[part.gallery]):
            found[protocol] = part
    return found


def _places(part: Part, ids: set[str]) -> I64:
    wanted = [item.id in ids for item in part.items]
    return np.flatnonzero(np.array(wanted, bool)).astype(np.int64)
