"""Which shapes count: those in a folder, of a format, of so many faces."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sketchshape.search.ranking import inside_of
from sketchshape.types import I64


class Filters:
    """Tells which shapes of a library pass.

    Args:
        paths: of the n shapes.
        formats: suffix of each.
        faces: (n,) int64, triangles of each.
    """

    def __init__(self, paths: Sequence[str], formats: Sequence[str], faces: I64) -> None:
        self._paths, self._faces = paths, faces
        self._formats = np.array(formats, dtype=np.str_)

    def passing(
        self,
        folder: str | Path | None,
        formats: Collection[str] | None,
        faces: tuple[int | None, int | None] | None,
    ) -> NDArray[np.bool_] | None:
        """Tell which shapes pass, (n,) bool, None for all; arguments as for `Searcher.search`."""
        if folder is None and formats is None and faces is None:
            return None
        allowed = np.ones(len(self._paths), bool)
        if folder is not None:
            names, place = self._folders
            inside = inside_of(folder)
            allowed &= np.fromiter((inside(name) for name in names), bool, len(names))[place]
        if formats is not None:
            wanted = [
                f".{one.lower().lstrip('.')}" for one in ([formats] if isinstance(formats, str) else formats)
            ]
            allowed &= np.isin(self._formats, wanted)
        if faces is not None:
            least, most = faces
            allowed &= self._faces >= (least or 0)
            if most is not None:
                allowed &= self._faces <= most
        return allowed

    @cached_property
    def _folders(self) -> tuple[list[str], I64]:
        """All folders, and the place of the folder of each shape: there are far fewer folders than shapes."""
        places: dict[str, int] = {}
        found = [places.setdefault(os.path.dirname(path), len(places)) for path in self._paths]
        return list(places), np.array(found, np.int64)
