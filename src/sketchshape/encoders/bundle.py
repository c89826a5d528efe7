"""The trained encoders as they are searched with: ONNX files, class centers, and what they expect."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.datasets import class_key
from sketchshape.encoders.confidence import Confidence
from sketchshape.encoders.likeness import COSINE, Likeness, likeness
from sketchshape.encoders.lines import with_lines
from sketchshape.encoders.network import open_network, run_network
from sketchshape.encoders.record import CENTERS, SHAPES, SKETCHES, read_record
from sketchshape.encoders.vocabulary import Vocabulary
from sketchshape.errors import ArtefactError, UsageError
from sketchshape.resources import BUNDLE
from sketchshape.types import F32, U8

ONE_RING = (30.0,)  # degrees; of bundles that were made before there could be more rings


def default_bundle() -> Path:
    """Name the folder of the bundle that ships with the package."""
    return BUNDLE


@dataclass(frozen=True)
class BundleViews:
    """How shapes are rendered for an encoder.

    Args:
        count: cameras of each ring around the up axis.
        size: side of a rendered view in pixels.
        elevations: of the rings, in degrees.
    """

    count: int
    size: int
    elevations: tuple[float, ...]

    @property
    def total(self) -> int:
        """Number of views of a shape."""
        return self.count * len(self.elevations)


@dataclass(frozen=True)
class BundleLines:
    """How shapes are drawn in lines, as sketches, for the sketch encoder.

    Args:
        count: cameras of each ring around the up axis.
        size: side of a drawing in pixels.
        weight: of their embedding, beside 1 for that of the views.
        power: of each entry of their embeddings before these are joined, see `with_lines`.
        elevations: of the rings, in degrees.
    """

    count: int
    size: int
    weight: float
    power: float = 1.0
    elevations: tuple[float, ...] = ONE_RING

    @property
    def total(self) -> int:
        """Number of line drawings of a shape."""
        return self.count * len(self.elevations)


@dataclass(frozen=True, eq=False)
class Bundle:
    """Two encoders on ONNX Runtime, and the class centers that both were trained towards.

    Args:
        folder: where it is.
        size: side in pixels of the prepared views that the shape encoder takes.
        sketch_size: side in pixels of the prepared drawings that the sketch encoder takes.
        views: how shapes are rendered.
        preprocessing: version of `sketchshape.images.prepare` that it was trained with.
        renderer: version of the renderer that it was trained with.
        hash: of everything that decides an embedding.
        classes: names of the classes that were trained.
        centers: (N, D) float32, a row for each class, prepared as the embedding of a sketch is.
        lines: how shapes are drawn in lines; None where they are not.
        confidence: what the score of the best shape tells; None where it was not measured.
        likeness: how the embedding of a sketch is compared with that of a shape.
        row: shape of the embedding of one shape, such as (256,) or (12, 64); () is that of a sketch.
        words: that it has seen drawn; None where it does not tell them.

    Raises:
        ArtefactError: shapes have line drawings and another likeness than the cosine, or `row` does not fit.
    """

    folder: Path
    size: int
    sketch_size: int
    views: BundleViews
    preprocessing: int
    renderer: int
    hash: str
    classes: tuple[str, ...]
    centers: F32
    lines: BundleLines | None = None
    confidence: Confidence | None = None
    likeness: Likeness = COSINE
    row: tuple[int, ...] = ()
    words: Vocabulary | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "row", self.row or (self.width,))
        if self.lines is not None and self.likeness is not COSINE:
            raise ArtefactError(
                f"{self.folder}: has line drawings and the likeness {self.likeness.name}, expected "
                f"{COSINE.name} with them; train with views.lines=0 and export again"
            )
        if len(self.row) != self.likeness.rank or self.row[-1] != self.width:
            expected = ", ".join([*["rows"] * (self.likeness.rank - 1), str(self.width)])
            raise ArtefactError(
                f"{self.folder}: a shape is embedded as {self.row}, expected for {self.likeness.name} "
                f"({expected}), as wide as a sketch; export again"
            )

    @classmethod
    def open(cls, path: str | Path | None = None) -> Bundle:
        """Open a bundle.

        Args:
            path: the folder that `sketchshape export` wrote; None is the one that ships.

        Returns:
            The bundle; the encoders are loaded when they are first used.

        Raises:
            UsageError: the folder holds no bundle.
            ArtefactError: a file is missing or changed, or it was made for another version.
        """
        folder = default_bundle() if path is None else Path(path)
        record = read_record(folder)
        views, lines, confidence = (record[name] for name in ("views", "lines", "confidence"))
        with (folder / CENTERS).open("rb") as stream:
            centers = np.load(stream)
        found = likeness(record["likeness"])
        return cls(
            folder,
            record["size"],
            record["sketch_size"],
            BundleViews(views["count"], views["size"], tuple(views.get("elevations", ONE_RING))),
            record["preprocessing"],
            record["renderer"],
            record["hash"],
            tuple(record["classes"]),
            centers,
            BundleLines(**lines | {"elevations": tuple(lines.get("elevations", ONE_RING))})
            if lines
            else None,
            Confidence(**confidence) if confidence else None,
            found,
            () if found is COSINE else tuple(record["row"]),
            Vocabulary.load(folder, record["hash"]),
        )

    @property
    def width(self) -> int:
        """Length of the embedding of a sketch."""
        return int(self.centers.shape[1])

    @property
    def numbers(self) -> int:
        """How many numbers an index keeps of a shape."""
        return math.prod(self.row)

    def load(self) -> None:
        """Load the encoder of sketches, which is done else when it is first used."""
        self.embed_sketches(np.zeros((1, self.sketch_size, self.sketch_size), np.uint8))

    def embed_sketches(self, pictures: U8) -> F32:
        """Embed prepared sketches.

        Args:
            pictures: (n, sketch_size, sketch_size) uint8, 0 = ink, 255 = paper, as `prepare` gives them.

        Returns:
            (n, D) float32, prepared for `likeness`: unit rows where it is the cosine.
        """
        return run_network(self._sketches, pictures, (self.sketch_size, self.sketch_size), (self.width,))

    def embed_views(self, views: U8) -> F32:
        """Embed shapes; may be called from several threads at once.

        Args:
            views: (n, views, size, size) uint8, each view as `prepare` gives it.

        Returns:
            (n, *row) float32, prepared for `likeness`: unit rows where it is the cosine.
        """
        return run_network(self._shapes, views, (self.views.total, self.size, self.size), self.row)

    def embed_shape(self, views: U8, drawings: U8 | None = None) -> F32:
        """Embed a shape as an index holds it; may be called from several threads at once.

        Args:
            views: (views, size, size) uint8, prepared.
            drawings: (lines, sketch_size, sketch_size) uint8, its line drawings, prepared; needed where
                `lines` is set.

        Returns:
            (*row) float32, of length 1 where shapes are compared by the cosine.
        """
        vector: F32 = self.embed_views(views[None])[0]
        if self.lines is None:
            return vector
        if drawings is None or len(drawings) != self.lines.total:
            given = "none" if drawings is None else str(len(drawings))
            raise ValueError(f"line drawings: {given}, expected {self.lines.total}")
        return with_lines(vector, self.embed_sketches(drawings), self.lines.weight, self.lines.power)

    def center(self, name: str) -> F32:
        """Give the center of a class: (D,) float32; letter case, `_`, `-` and spaces do not count.

        Raises:
            UsageError: there is no such class; the message names near ones.
        """
        keys = [class_key(one) for one in self.classes]
        if class_key(name) not in keys:
            raise UsageError(_unknown(name, self.classes))
        center: F32 = self.centers[keys.index(class_key(name))]
        return center

    @cached_property
    def _sketches(self) -> Any:
        return open_network(self.folder / SKETCHES, min(4, os.cpu_count() or 1))

    @cached_property
    def _shapes(self) -> Any:
        return open_network(self.folder / SHAPES, 1)  # many shapes at once are as many threads of the caller


def _unknown(name: str, classes: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(class_key(name), [class_key(one) for one in classes], n=3)
    meant = f"did you mean {' or '.join(map(repr, near))}?" if near else f"known are: {', '.join(classes)}"
    return f"no class {name!r}; {meant}"
