"""Drawings that another hand could have made: strokes left out, moved, bent, and drawn with another pen."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sketchshape.images.strokes import Strokes
from sketchshape.types import F64

Random = np.random.Generator
_WAVES = 2  # of the smooth field that bends a drawing


@dataclass(frozen=True)
class StrokeChanges:
    """What may happen to a drawing, and how much.

    Args:
        reorder: chance 0..1 that the strokes change places, which matters for `unfinished`.
        unfinished: chance 0..1 that the last strokes are not drawn yet.
        drop: chance 0..1 of each stroke to be left out.
        jitter: deviation of the place of each stroke, as a part of the longer side of the drawing.
        deform: amplitude of a smooth bending of the whole, as a part of the longer side.
        mirror: chance 0..1 that left and right are exchanged.
        rotation: largest turn in degrees.
        stretch: largest change of the aspect ratio and twice the largest shear, as natural logarithms.
        widths: thinnest and thickest pen, in pixels of a picture of 256.
    """

    reorder: float = 0.3
    unfinished: float = 0.2
    drop: float = 0.05
    jitter: float = 0.02
    deform: float = 0.02
    mirror: float = 0.5
    rotation: float = 15.0
    stretch: float = 0.3
    widths: tuple[float, float] = (2.0, 6.0)


def vary_strokes(strokes: Strokes, changes: StrokeChanges, random: Random) -> tuple[Strokes, float]:
    """Change a drawing at random.

    Args:
        strokes: one [xs, ys] for each stroke, in any unit.
        changes: what may happen and how much; with all of them 0 nothing does.
        random: source of the changes; the same state gives the same drawing.

    Returns:
        The strokes, in units of the longer side of the drawing that was given, and the width of the pen in
        pixels of a picture of 256.
    """
    lines = _normalised([np.stack([np.asarray(xs, float), ys], 1) for xs, ys, *_ in strokes if len(xs)])
    lines = _reordered(lines, changes.reorder, random)
    lines = _begun(lines, changes.unfinished, random)
    lines = _kept(lines, changes.drop, random)
    lines = [_moved(line, changes.jitter, random) for line in lines]
    lines = _bent(lines, changes.deform, random)
    matrix = _matrix(changes, random)
    thin, thick = changes.widths
    width = math.exp(random.uniform(math.log(thin), math.log(thick)))
    return [[*(line @ matrix.T).T] for line in lines], width


def _normalised(lines: list[F64]) -> list[F64]:
    """Put the drawing around 0, its longer side 1."""
    points = np.concatenate(lines)
    low, high = points.min(0), points.max(0)
    extent = float((high - low).max()) or 1.0
    return [(line - (low + high) / 2) / extent for line in lines]


def _reordered(lines: list[F64], chance: float, random: Random) -> list[F64]:
    if random.random() >= chance:
        return lines
    return [lines[index] for index in random.permutation(len(lines))]


def _begun(lines: list[F64], chance: float, random: Random) -> list[F64]:
    """Leave the last strokes out, at most half of the points; people search while they draw."""
    if random.random() >= chance:
        return lines
    total = np.cumsum([len(line) for line in lines])
    wanted = random.uniform(0.5, 1.0) * total[-1]
    return lines[: int(np.searchsorted(total, wanted)) + 1]


def _kept(lines: list[F64], chance: float, random: Random) -> list[F64]:
    """Leave strokes out here and there; a drawing of one or two is nothing without them."""
    if len(lines) < 3 or chance == 0:
        return lines
    kept = [line for line in lines if random.random() >= chance]
    return kept or lines


def _moved(line: F64, jitter: float, random: Random) -> F64:
    """Shift, turn and scale one stroke about its middle."""
    if jitter == 0:
        return line
    shift, angle, scale = random.normal(0, jitter, 2), random.normal(0, 2 * jitter), random.normal(0, jitter)
    middle = (line.min(0) + line.max(0)) / 2
    moved: F64 = (line - middle) @ (_turn(angle) * math.exp(scale)).T + middle + shift
    return moved


def _bent(lines: list[F64], deform: float, random: Random) -> list[F64]:
    """Move all points by a smooth field: waves about as long as the drawing."""
    if deform == 0:
        return lines
    directions = random.normal(0, 1.0, (_WAVES, 2)) * 2 * math.pi
    phases = random.uniform(0, 2 * math.pi, _WAVES)
    amplitudes = random.normal(0, deform, (_WAVES, 2))
    return [line + np.sin(line @ directions.T + phases) @ amplitudes for line in lines]


def _matrix(changes: StrokeChanges, random: Random) -> F64:
    """Mirror, shear, stretch and turn the whole."""
    mirror = -1.0 if random.random() < changes.mirror else 1.0
    stretch = math.exp(random.uniform(-changes.stretch, changes.stretch) / 2)
    shear = random.uniform(-changes.stretch, changes.stretch) / 2
    angle = math.radians(random.uniform(-changes.rotation, changes.rotation))
    flat = np.array([[mirror * stretch, shear / stretch], [0.0, 1 / stretch]])
    turned: F64 = _turn(angle) @ flat
    return turned


def _turn(angle: float) -> F64:
    cosine, sine = math.cos(angle), math.sin(angle)
    matrix: F64 = np.array([[cosine, -sine], [sine, cosine]])
    return matrix
