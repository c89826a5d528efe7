"""What shapes are compared with: the embedding of a sketch, or those of a shape."""

from __future__ import annotations

from dataclasses import dataclass

from sketchshape.encoders.likeness import Likeness
from sketchshape.types import F32


@dataclass(frozen=True, eq=False)
class Query:
    """Embeddings of one thing; of several the nearest counts.

    Args:
        likeness: of the bundle.
        vectors: (Q, D) float32, or (Q, *row) where they are of a shape.
        of_shape: whether they are of a shape.
    """

    likeness: Likeness
    vectors: F32
    of_shape: bool = False

    def alike(self, shapes: F32) -> F32:
        """Compare with shapes (G, *row) float32: (G,) float32."""
        compare = self.likeness.among if self.of_shape else self.likeness.between
        best: F32 = compare(self.vectors, shapes).max(0)
        return best
