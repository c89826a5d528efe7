"""The words that encoders have seen drawn, and where drawings of each lie among the embeddings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from sketchshape.encoders.likeness import Likeness
from sketchshape.errors import ArtefactError
from sketchshape.files import atomic
from sketchshape.types import F32

FILE = "words.npz"  # in the folder of a bundle
FORMAT = 1
BLOCK = 4096  # shapes at once


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Words, each with the mean embedding of its drawings.

    Args:
        names: of the words, such as `palm tree`.
        vectors: (W, D) float32, prepared as the embedding of a sketch is.
        sharpness: the likeness of a drawing or a shape to a word, times this, is the logit of its showing it.
    """

    names: tuple[str, ...]
    vectors: F32
    sharpness: float

    def of_sketch(self, sketch: F32, likeness: Likeness) -> F32:
        """Tell what a drawing is taken for.

        Args:
            sketch: (D,) float32, its embedding.
            likeness: of the bundle.

        Returns:
            (W,) float32, the probability of each word.
        """
        return softmax(self.sharpness * self.alike(sketch[None], likeness))[:, 0]

    def alike(self, sketches: F32, likeness: Likeness) -> F32:
        """Compare drawings with words.

        Args:
            sketches: (n, D) float32, their embeddings.
            likeness: of the bundle.

        Returns:
            (W, n) float32, the likeness to each word.
        """
        shapes = sketches if likeness.rank == 1 else sketches[:, None]  # as shapes of one view
        return likeness.between(self.vectors, shapes)

    def of_shapes(self, shapes: F32, likeness: Likeness) -> F32:
        """Tell what shapes look like.

        Args:
            shapes: (G, *row) float32, their embeddings.
            likeness: of the bundle.

        Returns:
            (W, G) float32, for each shape the probability of each word.
        """
        found = np.empty((len(self.names), len(shapes)), np.float32)
        for start in range(0, len(shapes), BLOCK):
            block = likeness.between(self.vectors, shapes[start : start + BLOCK])
            found[:, start : start + BLOCK] = softmax(self.sharpness * block)
        return found

    def save(self, folder: Path, bundle: str) -> None:
        """Write the words beside the files of a bundle, atomically.

        Args:
            folder: of the bundle.
            bundle: its hash.
        """
        with atomic(folder / FILE) as temporary, temporary.open("wb") as stream:
            np.savez_compressed(
                stream,
                format=FORMAT,
                bundle=bundle,
                names=np.array(self.names),
                vectors=self.vectors.astype(np.float16),
                sharpness=self.sharpness,
            )

    @classmethod
    def load(cls, folder: Path, bundle: str) -> Vocabulary | None:
        """Read the words of a bundle.

        Args:
            folder: of the bundle.
            bundle: its hash.

        Returns:
            The words; None where the bundle has none.

        Raises:
            ArtefactError: the file is damaged, of another format, or of another bundle.
        """
        path = folder / FILE
        again = "export the bundle again, or remove the file and do without"
        try:
            with path.open("rb") as stream, np.load(stream) as file:
                version, made_for = int(file["format"]), str(file["bundle"])
                names = tuple(str(name) for name in file["names"])
                vectors = file["vectors"].astype(np.float32)
                sharpness = float(file["sharpness"])
        except FileNotFoundError:
            return None
        except (OSError, EOFError, KeyError, ValueError, BadZipFile) as error:
            raise ArtefactError(f"{path}: damaged ({error}); {again}") from None
        if version != FORMAT:
            raise ArtefactError(f"{path}: format {version}, expected {FORMAT}; {again}")
        if made_for != bundle:
            raise ArtefactError(
                f"{path}: made for the bundle {made_for[:12]}, this is {bundle[:12]}; {again}"
            )
        return cls(names, vectors, sharpness)


def softmax(logits: F32) -> F32:
    """Bring logits (W, ...) to probabilities that sum to 1 over the first axis."""
    powers = np.exp(logits - logits.max(0))
    shares: F32 = powers / powers.sum(0)
    return shares
