"""Shapes whose way up is known, and what is measured of each and of variations of it."""

from __future__ import annotations

import csv
import hashlib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sketchshape.errors import MeshError
from sketchshape.files import atomic
from sketchshape.mesh import AXES, load_mesh
from sketchshape.types import F64, Mesh
from sketchshape.upright.measures import measures

HERE = Path(__file__).parent
KNOWN = HERE / "upright-shapes.csv"  # what does not stand on Y, and what is left out
ALIKE = HERE / "upright-classes.txt"
VARIATIONS = 3  # the shape itself, and two that are stretched and turned about their axis
FOLDS = 3
SALT = "1215"  # folds of about as many shapes each


@dataclass(frozen=True)
class Shape:
    """A file and its way up.

    Args:
        source: cc0 or cc_shapes.
        path: the mesh file.
        group: its class, or the name of the classes that are left out with it.
        up: index in AXES.
        left_out: why it is not learned from; empty where it is.
    """

    source: str
    path: Path
    group: str
    up: int
    left_out: str

    @property
    def fold(self) -> int:
        """Which of the FOLDS leaves its class out."""
        return int(hashlib.sha256((SALT + self.group).encode()).hexdigest(), 16) % FOLDS


def group_of(name: str) -> str:
    """Give the name of the classes that are left out together with one."""
    words = [line.split() for line in ALIKE.read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    key = re.sub("[^a-z]", "", name.lower())
    return {one: line[0] for line in words for one in line}.get(key, key)


def shapes(folders: dict[str, Path], manifests: dict[str, Path]) -> list[Shape]:
    """List the shapes of the sources, in the order of their manifests."""
    with KNOWN.open(encoding="utf-8") as stream:
        known = {(row["set"], row["file"]): row for row in csv.DictReader(stream)}
    found = []
    for source, folder in folders.items():
        with manifests[source].open(encoding="utf-8") as stream:
            for row in csv.DictReader(stream):
                note = known.get((source, row["file"]), {"up": "", "left_out": ""})
                up = list(AXES).index(note["up"] or "y")
                path = folder / row["file"]
                found.append(Shape(source, path, group_of(row["class"]), up, note["left_out"]))
    return found


def vary(mesh: Mesh, up: int, seed: tuple[int, int]) -> Mesh:
    """Stretch a shape along its axes, and turn it about that which points up."""
    rng = np.random.default_rng(seed)
    stretched = mesh.vertices * np.exp(rng.uniform(-0.3, 0.3, 3))
    angle = rng.uniform(0, 2 * math.pi) if rng.random() < 0.3 else rng.normal(0, 0.1) * (rng.random() < 0.5)
    cos, sin = math.cos(angle), math.sin(angle)
    upright = np.array(list(AXES.values())[up], np.float64)
    about = upright.T @ np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]]) @ upright
    return Mesh((stretched @ about.T).astype(np.float32), mesh.faces)


def measured(found: list[Shape], work: Path) -> Iterator[F64]:
    """Measure all shapes, variation by variation: (n, 6, M), zero for a file that is not read.

    Each variation is kept in the folder `work`, so that a run that was stopped goes on.
    """
    for variation in range(VARIATIONS):
        path = work / f"measures-{variation}.npy"
        if not path.is_file():
            rows = [_measure(shape, variation, number) for number, shape in enumerate(found)]
            width = next(row.shape for row in rows if row is not None)
            whole = np.array([np.zeros(width) if row is None else row for row in rows], np.float32)
            with atomic(path) as temporary:
                np.save(temporary, whole)
        yield np.load(path)


def _measure(shape: Shape, variation: int, number: int) -> F64 | None:
    try:
        mesh = load_mesh(shape.path)
    except MeshError as error:
        print(f"left out: {error}")
        return None
    return measures(vary(mesh, shape.up, (variation, number)) if variation else mesh)
