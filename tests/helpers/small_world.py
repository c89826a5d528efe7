"""A data set that a test can make in a moment: boxes, rods and plates with outlines drawn by a shaky hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

PROPORTIONS = {"box": (1.0, 1.0, 1.0), "plate": (1.5, 0.15, 1.5), "rod": (0.2, 2.0, 0.2)}
SETTINGS = [
    "data.layout=folder",
    "data.validation=0.2",
    "views.count=4",
    "views.size=48",
    "backbone.name=tiny",
    "backbone.weights=none",
    "backbone.size=32",
    "head.hidden=16",
    "head.width=8",
    "teacher.epochs=6",
    "teacher.batch=4",
    "teacher.lr=0.05",
    "student.epochs=6",
    "student.batch=4",
    "student.lr=0.05",
]
CORNERS = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)]) - 0.5
QUADS = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))


def write_box(path: Path, sides: np.ndarray) -> None:
    """Write a box with the given sides as OFF."""
    corners = "\n".join(" ".join(f"{value:.5f}" for value in corner) for corner in CORNERS * sides)
    faces = "\n".join("4 " + " ".join(map(str, quad)) for quad in QUADS)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"OFF\n8 6 0\n{corners}\n{faces}\n")


def write_outline(path: Path, width: float, height: float, random: np.random.Generator) -> None:
    """Draw a shaky rectangle."""
    picture = Image.new("L", (64, 64), 255)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) * [width, height] * 14 + 32
    points = [tuple(point) for point in corners + random.normal(0, 1, corners.shape)]
    ImageDraw.Draw(picture).line(points, fill=0, width=2)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)


def make_world(root: Path, shapes: int = 4, sketches: int = 6, seed: int = 0) -> Path:
    """Write shapes and sketches of three classes in the folder layout."""
    random = np.random.default_rng(seed)
    for name, sides in PROPORTIONS.items():
        for number in range(shapes):
            write_box(root / f"shapes/{name}/{number}.off", np.array(sides) * random.uniform(0.9, 1.1, 3))
        for part, count in (("train", sketches), ("test", 3)):
            for number in range(count):
                write_outline(root / f"sketches/{part}/{name}/{number}.png", sides[0], sides[1], random)
    return root


def write_config(path: Path, more: str = "") -> Path:
    """Write the settings above as a TOML file."""
    sections: dict[str, list[str]] = {}
    for setting in SETTINGS:
        key, value = setting.split("=")
        section, name = key.split(".")
        quoted = value if value[0].isdigit() else f'"{value}"'
        sections.setdefault(section, []).append(f"{name} = {quoted}")
    text = "\n".join(f"[{name}]\n" + "\n".join(lines) for name, lines in sections.items())
    path.write_text(f'name = "{path.stem}"\n{text}\n{more}\n')
    return path
