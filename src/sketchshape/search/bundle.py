"""The trained encoders as they are searched with: ONNX files, class centers, and what they expect."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

import sketchshape
from sketchshape.datasets import class_key
from sketchshape.errors import ArtefactError, UsageError
from sketchshape.files import digest, file_digest, write_json
from sketchshape.images import PREPROCESSING_VERSION
from sketchshape.types import F32, U8

FORMAT = 2
RECORD = "bundle.json"
SKETCHES, SHAPES, WEIGHTS, CENTERS = "sketches.onnx", "shapes.onnx", "weights.bin", "centers.npy"
FILES = (SKETCHES, SHAPES, WEIGHTS, CENTERS)


def default_bundle() -> Path:
    """Name the folder of the bundle that ships with the package."""
    return Path(sketchshape.__file__).parent / "bundle"


@dataclass(frozen=True)
class ViewSettings:
    """How shapes are rendered for an encoder.

    Args:
        count: cameras around the up axis.
        size: side of a rendered view in pixels.
    """

    count: int
    size: int


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
        record = _read_record(folder)
        with (folder / CENTERS).open("rb") as stream:
            centers = np.load(stream)
        return cls(
            folder,
            record["size"],
            record["sketch_size"],
            ViewSettings(**record["views"]),
            record["preprocessing"],
            record["renderer"],
            record["hash"],
            tuple(record["classes"]),
            centers,
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
        return _run(self._shapes, views, (self.views.count, self.size, self.size), self.width)

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


def write_record(folder: Path, facts: dict[str, Any]) -> str:
    """Write `bundle.json` beside the files of a bundle, which makes it whole.

    Args:
        folder: with all of `FILES`.
        facts: size, sketch_size, views, preprocessing, renderer, classes, and more for people to read.

    Returns:
        The hash of the bundle.
    """
    files = {name: file_digest(folder / name) for name in FILES}
    record = {"format": FORMAT, "kind": "bundle", "hash": _hash(facts, files), "files": files, **facts}
    write_json(folder / RECORD, record)
    return str(record["hash"])


def _hash(facts: dict[str, Any], files: dict[str, str]) -> str:
    deciding = ("size", "sketch_size", "views", "preprocessing", "renderer", "classes")
    return digest(*[facts[name] for name in deciding], files)


def _read_record(folder: Path) -> dict[str, Any]:
    path = folder / RECORD
    if not path.is_file():
        raise UsageError(f"{folder}: no {RECORD} in it; expected a folder that `sketchshape export` wrote")
    again = "export it again from its run"
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if record["format"] != FORMAT or record["kind"] != "bundle":
            raise ArtefactError(f"{path}: format {record['format']}, expected {FORMAT}; {again}")
        found = {name: file_digest(folder / name) for name in FILES}
        if record["hash"] != _hash(record, found):
            changed = [name for name in FILES if found[name] != record["files"][name]] or [RECORD]
            raise ArtefactError(f"{folder}: {', '.join(changed)} changed since the export; {again}")
        if record["preprocessing"] != PREPROCESSING_VERSION:
            raise ArtefactError(
                f"{folder}: made for preprocessing {record['preprocessing']}, this is sketchshape with "
                f"{PREPROCESSING_VERSION}; train and {again}"
            )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtefactError(f"{folder}: damaged bundle ({error}); {again}") from None
    return record


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


def _unknown(name: str, classes: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(class_key(name), [class_key(one) for one in classes], n=3)
    meant = f"did you mean {' or '.join(map(repr, near))}?" if near else f"known are: {', '.join(classes)}"
    return f"no class {name!r}; {meant}"
