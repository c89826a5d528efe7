"""Whether an exported bundle gives what torch gives: the same pictures through both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.datasets import load_dataset
from sketchshape.encoders.bundle import Bundle
from sketchshape.encoders.likeness import Likeness, likeness
from sketchshape.errors import ArtefactError, FileError, SketchshapeError
from sketchshape.metrics.rows import unit
from sketchshape.runs.record import read_items
from sketchshape.train.data.pictures import line_pictures, shape_pictures, sketch_pictures
from sketchshape.train.data.preparer import Preparer
from sketchshape.train.models.retriever import Retriever, embed
from sketchshape.types import F32, U8

LEAST_COSINE = 0.9999
TOP = 10
TIE = 5e-4  # shapes whose scores are nearer than weights kept as float16 can tell may change places
SHAPES, SKETCHES = 100, 50  # that are compared, at most


@dataclass(frozen=True, eq=False)
class Probes:
    """Prepared pictures of some shapes and sketches.

    Args:
        shapes: (G, views, size, size) uint8.
        sketches: (Q, side, side) uint8.
        lines: (G, lines, side, side) uint8, the shapes drawn in lines; None where they are not.
    """

    shapes: U8
    sketches: U8
    lines: U8 | None


@dataclass(frozen=True)
class Parity:
    """How near two implementations are.

    Args:
        cosine: the least between two embeddings of one picture.
        differing: sketches whose top shapes are not the same.
        top: how many shapes of a ranking are compared.
        shapes: size of the gallery.
        sketches: how many were ranked.
    """

    cosine: float
    differing: int
    top: int
    shapes: int
    sketches: int

    def demand(self, what: str) -> None:
        """Refuse what is not near enough.

        Raises:
            ArtefactError: a cosine is below `LEAST_COSINE`, or a ranking differs.
        """
        if not self.cosine >= LEAST_COSINE:
            raise ArtefactError(
                f"{what}: not exported, a vector of ONNX Runtime has cosine {self.cosine:.6f} to that of "
                f"torch, expected {LEAST_COSINE} or more; try another version of onnxruntime or onnxscript"
            )
        if self.differing:
            raise ArtefactError(
                f"{what}: not exported, ONNX Runtime gives another top {self.top} than torch for "
                f"{self.differing} of {self.sketches} sketches; try another version of onnxruntime"
            )


def probes(run: Path, preparer: Preparer) -> Probes:
    """Prepare some of a run's own shapes and test sketches; where they are gone, of the bundled sample."""
    settings = preparer.settings
    shapes, sketches = read_items(run)
    if min(len(shapes), len(sketches)) <= TOP:
        sample = load_dataset("folder", "sample")
        shapes, sketches = list(sample.shapes), list(sample.test)
    chosen, side = _some(shapes, SHAPES), settings.backbone.of("sketch").side
    made = shape_pictures(
        chosen,
        settings.views,
        settings.data.up,
        settings.backbone.of("shape").side,
        cache=preparer.views,
        workers=preparer.workers,
    )
    galleries = _sound(made)
    drawings = _sound(sketch_pictures(_some(sketches, SKETCHES), side))
    if min(len(galleries), len(drawings)) <= TOP:
        raise SketchshapeError(
            f"{run}: not exported, only {len(galleries)} shapes and {len(drawings)} sketches could be read "
            f"for the comparison with torch, expected more than {TOP}"
        )
    lines = None
    if settings.views.lines:
        drawn = line_pictures(
            chosen,
            settings.views,
            settings.data.up,
            side,
            mirrored=False,
            cache=preparer.views,
            workers=preparer.workers,
        )
        lines = np.stack(_sound(drawn))
    return Probes(np.stack(galleries), np.stack(drawings)[:, 0], lines)


def compare(trained: Retriever, bundle: Bundle, pictures: Probes, preparer: Preparer) -> Parity:
    """Embed pictures with torch and with a bundle.

    Args:
        trained: the networks of torch.
        bundle: what was exported from them.
        pictures: of at least as many shapes as are compared in a ranking.
        preparer: that they were trained with.

    Returns:
        The differences.
    """
    right = (
        trained.embed_sketches(_inputs(_variants(pictures.sketches, preparer), preparer, "sketch")),
        trained.embed_shapes(_inputs(pictures.shapes, preparer, "shape"), _line_inputs(pictures, preparer)),
    )
    lines = [None] * len(pictures.shapes) if pictures.lines is None else pictures.lines
    found = (
        np.concatenate([bundle.embed_sketches(one[None]) for one in pictures.sketches]),
        np.stack([bundle.embed_shape(*one) for one in zip(pictures.shapes, lines, strict=True)]),
    )
    way = likeness(trained.likeness)
    cosine = min(_alike(a, b, way) for a, b in zip(right, found, strict=True))
    wanted, got = (way.between(*side) for side in (right, found))
    return Parity(cosine, int(_differs(wanted, got).sum()), TOP, len(pictures.shapes), len(pictures.sketches))


def _alike(rows: F32, others: F32, way: Likeness) -> float:
    """Give the least cosine of two embeddings of one picture; subspaces have many bases, and are compared."""
    if way.name == "subspace" and rows.ndim == 3:
        rows, others = (np.einsum("gkd,gke->gde", side, side) for side in (rows, others))  # onto the subspace
    one, other = (unit(side.reshape(len(side), -1)) for side in (rows, others))
    return float((one * other).sum(1).min())


def _differs(wanted: F32, got: F32) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Say for each row whether the best of `got` are others than the best of `wanted`, but for ties."""
    best = np.sort(wanted, axis=1)[:, ::-1][:, :TOP]
    chosen = np.take_along_axis(wanted, np.argsort(-got, axis=1)[:, :TOP], axis=1)
    result: np.ndarray[Any, np.dtype[np.bool_]] = np.abs(best - chosen).max(1) > TIE
    return result


def _variants(sketches: U8, preparer: Preparer) -> U8:
    """Put each sketch (n, side, side) beside what else is seen of it: (n, variants, side, side)."""
    variants = sketches[:, None]
    mirrored = preparer.settings.train.flip_test
    return np.concatenate([variants, variants[..., ::-1]], 1) if mirrored else variants


def _line_inputs(pictures: Probes, preparer: Preparer) -> np.ndarray[Any, Any] | None:
    if pictures.lines is None:
        return None
    count, lines, *side = pictures.lines.shape
    found = _inputs(_variants(pictures.lines.reshape(-1, *side), preparer), preparer, "sketch")
    return found.reshape(count, lines, *found.shape[1:])


def _inputs(pictures: U8, preparer: Preparer, modality: str) -> np.ndarray[Any, Any]:
    """Give what the networks take: the pictures, or the features of a frozen backbone."""
    network = preparer.network(modality)
    if network is None:
        return pictures
    features = embed(network, pictures.reshape(-1, *pictures.shape[2:]), preparer.device)
    return features.reshape(*pictures.shape[:2], -1)


def _some(items: list[Any], most: int) -> list[Any]:
    return items[:: -(-len(items) // most)] if items else []


def _sound(made: Any) -> list[U8]:
    return [
        pictures
        for _, pictures in sorted(made, key=lambda one: one[0])
        if not isinstance(pictures, FileError)
    ]
