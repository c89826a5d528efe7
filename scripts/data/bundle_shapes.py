"""Shapes that the bundle learns from: two collections, cleaned, turned upright, and drawn in lines."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from bundle_words import Words
from drawing_files import drawing_line
from linking import link
from picture_strokes import enlarged, ink_strokes

from sketchshape.errors import MeshError
from sketchshape.files import write_text
from sketchshape.mesh import load_mesh
from sketchshape.progress import Steps
from sketchshape.render import render_lines

HERE = Path(__file__).parent
LEFT_OUT = HERE / "bundle-left-out.csv"  # looked at one by one, with what is wrong; and what repeats another
STANDING = HERE / "upright-shapes.csv"  # what does not stand on Y
CHOOSE_WITH = (  # packs that recipes are chosen with: other styles, and classes that others lack
    "Airplane_pack_Jan_2017",
    "Farm_Animals_Animated_Jun_2018",
    "Farm_Animals_Sept_2018",
    "Farm_Buildings_Sept_2018",
    "Fish_Pack_Animated_Apr_2018",
    "Halloween-Bits",
    "Medieval_Weapons_Pack_Sept_2018",
    "Public_Transport_Pack_Feb_2017",
    "Realistic_Car_Pack_Nov_2018",
    "Sci_Fi_Guns_May_2018",
    "animals_pack",
    "buildings_pack_2",
    "car-kit",
    "cube-pets",
    "fish_pack",
    "food-kit-1.2",
    "modular_sci_fi_guns_pack",
    "ships_pack",
    "street_pack",
    "sweethome3d-furniture-1.8/BlendSwap-CC-0",
    "ultimate_space_pack",
)
LINES, SIDE, ELEVATIONS = 6, 224, (5.0, 30.0)  # a ring of cameras at the height of eyes, and that of views


@dataclass(frozen=True)
class Shape:
    """A file that is learned from.

    Args:
        source: name of its collection.
        file: below the folder of the collection.
        path: of the mesh.
        word: what it is.
        author: who made it.
        up: axis of the file that points up.
        choosing: whether its pack is one that recipes are chosen with.
    """

    source: str
    file: str
    path: Path
    word: str
    author: str
    up: str
    choosing: bool

    def put(self, folder: Path) -> None:
        """Link the file below a folder of its word; one that does not stand on Y is turned."""
        target = folder / self.word / f"{self.source}-{self.path.name}"
        if self.up == "y":
            link(self.path, target)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        mesh = load_mesh(self.path, self.up)
        points = "".join(f"{x:.9g} {y:.9g} {z:.9g}\n" for x, y, z in mesh.vertices.tolist())
        faces = "".join(f"3 {a} {b} {c}\n" for a, b, c in mesh.faces.tolist())
        text = f"OFF\n{len(mesh.vertices)} {len(mesh.faces)} 0\n{points}{faces}"
        write_text(target.with_suffix(".off"), text)


def classes_of(folder: Path) -> list[str]:
    """Name the classes of a collection, as its manifest.csv does."""
    return [row["class"] for row in _rows(folder / "manifest.csv")]


def shapes_of(folders: dict[str, Path], words: Words) -> list[Shape]:
    """Read the manifests of collections, without the shapes that are left out.

    Args:
        folders: by name of the collection, each with manifest.csv (class, file, author, pack) and the files.
        words: that name their classes.
    """
    left_out = {(row["set"], row["file"]) for row in _rows(LEFT_OUT)}
    standing = {(row["set"], row["file"]): row for row in _rows(STANDING)}
    left_out |= {name for name, row in standing.items() if row["left_out"].startswith("repeats")}
    found = []
    for source, folder in folders.items():
        for row in _rows(folder / "manifest.csv"):
            path, name = folder / row["file"], (source, row["file"])
            if name in left_out or not path.is_file():
                continue
            up = standing[name]["up"] or "y" if name in standing else "y"
            choosing = row["pack"] in CHOOSE_WITH
            found.append(Shape(*name, path, words.of(row["class"]), row["author"], up, choosing))
    return found


def draw_shapes(shapes: list[Shape]) -> Iterator[tuple[str, str]]:
    """Draw shapes in lines and follow these with a pen: (word, line of an .ndjson file) of each drawing."""
    with Pool(os.cpu_count()) as pool, Steps("shapes in lines", len(shapes), "shapes") as steps:
        for shape, lines in zip(shapes, pool.imap(_drawn, shapes, chunksize=4), strict=True):
            steps.advance()
            yield from ((shape.word, line) for line in lines)


def _drawn(shape: Shape) -> list[str]:
    try:
        mesh = load_mesh(shape.path, shape.up)
        views = render_lines(mesh, LINES, SIDE, ELEVATIONS)
    except (MeshError, ValueError) as error:
        print(f"{shape.path}: {error}; left out", file=sys.stderr)
        return []
    drawn = [ink_strokes(enlarged(np.asarray(view))) for view in views]
    key = f"shape:{shape.source}/{shape.file}"
    return [drawing_line(shape.word, f"{key}:{n}", strokes) for n, strokes in enumerate(drawn) if strokes]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
