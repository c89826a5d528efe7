"""Class centers in a file: what joins teacher and student."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from sketchshape.errors import ArtefactError
from sketchshape.files import atomic
from sketchshape.types import F32

FORMAT = 1


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
