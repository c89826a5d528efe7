"""The trained encoders as they are searched with: ONNX files, class centers, and what they expect."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.datasets import class_key
from sketchshape.encoders.confidence import Confidence
from sketchshape.encoders.record import CENTERS, SHAPES, SKETCHES, read_record
from sketchshape.errors import ArtefactError, UsageError
from sketchshape.resources import BUNDLE
from sketchshape.types import F32, U8

ONE_RING = (30.0,)  # degrees; of bundles that were made before there could be more rings


def default_bundle() -> Path:
    """Name the folder of the bundle that ships with the package."""
    return BUNDLE


@dataclass(frozen=True)
class ViewSettings:
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
class LineSettings:
    """How shapes are drawn in lines, as sketches, for the sketch encoder.

    Args:
        count: cameras around the up axis.
        size: side of a drawing in pixels.
        weight: of their embedding, beside 1 for that of the views.
    """

    count: int
    size: int
    weight: float


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
        centers: (N, D) float32, a unit row for each class.
        lines: how shapes are drawn in lines; None where they are not.
        confidence: what the score of the best shape tells; None where it was not measured.
    """

    folder: Path
    size: int
    sketch_size: int
    views: ViewSettings
    preprocessing: int
    renderer: int
    hash: str
    classes: tuple[str, ...]
    centers: F32
    lines: LineSettings | None = None
    confidence: Confidence | None = None

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
        return cls(
            folder,
            record["size"],
            record["sketch_size"],
            ViewSettings(views["count"], views["size"], tuple(views.get("elevations", ONE_RING))),
            record["preprocessing"],
            record["renderer"],
            record["hash"],
            tuple(record["classes"]),
            centers,
            LineSettings(**lines) if lines else None,
            Confidence(**confidence) if confidence else None,
        )

    @property
    def width(self) -> int:
        """Length of an embedding."""
        return int(self.centers.shape[1])

    def embed_sketches(self, pictures: U8) -> F32:
        """Embed prepared sketches.

        Args:
            pictures: (n, sketch_size, sketch_size) uint8, 0 = ink, 255 = paper, as `prepare` gives them.

        Returns:
            (n, D) float32, unit rows.
        """
        return _run(self._sketches, pictures, (self.sketch_size, self.sketch_size), self.width)

    def embed_views(self, views: U8) -> F32:
        """Embed shapes; may be called from several threads at once.

        Args:
            views: (n, views, size, size) uint8, each view as `prepare` gives it.

        Returns:
            (n, D) float32, unit rows.
        """
        return _run(self._shapes, views, (self.views.total, self.size, self.size), self.width)

    def embed_shape(self, views: U8, drawings: U8 | None = None) -> F32:
        """Embed a shape as an index holds it; may be called from several threads at once.

        Args:
            views: (views, size, size) uint8, prepared.
            drawings: (lines, sketch_size, sketch_size) uint8, its line drawings, prepared; needed where
                `lines` is set.

        Returns:
            (D,) float32 of length 1.
        """
        vector: F32 = self.embed_views(views[None])[0]
        if self.lines is None:
            return vector
        if drawings is None or len(drawings) != self.lines.count:
            given = "none" if drawings is None else str(len(drawings))
            raise ValueError(f"line drawings: {given}, expected {self.lines.count}")
        drawn = self.embed_sketches(drawings).sum(0)
        return _unit(vector + self.lines.weight * _unit(drawn))

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
        return _session(self.folder / SKETCHES, min(4, os.cpu_count() or 1))

    @cached_property
    def _shapes(self) -> Any:
        return _session(self.folder / SHAPES, 1)  # many shapes at once are as many threads of the caller


def _session(path: Path, threads: int) -> Any:
    import onnxruntime  # not at the top: what changes nothing in an index needs no encoder

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads that wait by spinning take the cores away from rendering.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime has its own exceptions for each cause
        reason = str(error).partition("\n")[0]
        raise ArtefactError(f"{path}: not readable ({reason}); export it again from its run") from None


def _run(session: Any, pictures: U8, item: tuple[int, ...], width: int) -> F32:
    if pictures.dtype != np.uint8 or pictures.shape[1:] != item:
        expected = ", ".join(map(str, ("n", *item)))
        raise ValueError(f"pictures are {pictures.dtype} {pictures.shape}, expected uint8 ({expected})")
    if not len(pictures):
        return np.empty((0, width), np.float32)
    (vectors,) = session.run(None, {"pictures": np.ascontiguousarray(pictures)})
    result: F32 = vectors
    return result


def _unit(vector: F32) -> F32:
    unit: F32 = (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)
    return unit


def _unknown(name: str, classes: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(class_key(name), [class_key(one) for one in classes], n=3)
    meant = f"did you mean {' or '.join(map(repr, near))}?" if near else f"known are: {', '.join(classes)}"
    return f"no class {name!r}; {meant}"
