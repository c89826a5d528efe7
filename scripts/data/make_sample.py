"""Make the bundled sample again: python scripts/data/make_sample.py --cc0 DIR --quickdraw DIR.

DIR of --cc0 holds manifest.csv (class,file,author,pack,licence) and the meshes it names; DIR of --quickdraw
holds <word>.ndjson. `sample.txt` beside this file says what goes in. The same input gives the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import shutil
import struct
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.datasets import sample_root
from sketchshape.mesh import load_mesh
from sketchshape.types import Mesh

TEST_FRACTION = 1 / 3
MOST_DRAWINGS = 36  # of a class
DRAWN = {
    "author": "the players of Quick, Draw!",
    "pack": "Quick, Draw! Dataset (Google)",
    "licence": "CC-BY-4.0",
}
NAMES = {"KayKit": "KayKit (Kay Lousberg)"}
COLUMNS = ("class", "file", "author", "pack", "licence")

README = """# The bundled sample

{shapes} shapes and {train} + {test} drawings (training + test) of {classes} classes. `manifest.csv` names the
author, the pack and the licence of every file.

* `shapes/`: made by {authors}, who released them under CC0 1.0
  (https://creativecommons.org/publicdomain/zero/1.0/). Changed: only the geometry is kept, without materials,
  textures, skins and animations, with the transforms of the scene applied.
* `sketches/`: drawings from the Quick, Draw! Dataset (https://github.com/googlecreativelab/quickdraw-dataset),
  made available by Google, Inc. under Creative Commons Attribution 4.0 International
  (https://creativecommons.org/licenses/by/4.0/). Changed: a choice of the drawings that the game recognised,
  each looked at; times are left out and coordinates rounded to whole numbers.

`scripts/data/make_sample.py` makes this folder from the sources; `scripts/data/sample.txt` says what was
chosen.
"""


def main() -> None:
    """Read the command line and write the sample."""
    parser = argparse.ArgumentParser(description="Make the bundled sample again.")
    parser.add_argument("--cc0", type=Path, required=True, help="folder of the CC0 shapes, with manifest.csv")
    parser.add_argument("--quickdraw", type=Path, required=True, help="folder of <word>.ndjson")
    parser.add_argument("--out", type=Path, default=sample_root(), help="where it goes (replaced)")
    arguments = parser.parse_args()
    chosen = read_choice(Path(__file__).with_name("sample.txt"))
    for part in ("shapes", "sketches"):
        shutil.rmtree(arguments.out / part, ignore_errors=True)
    rows = [*write_shapes(arguments.cc0, chosen["shape"], arguments.out)]
    shapes = len(rows)
    counts = {"train": 0, "test": 0}
    for name in sorted({row["class"] for row in rows}):
        drawings = read_drawings(arguments.quickdraw / f"{name}.ndjson", set(chosen["leave"]))
        for part, members in split(drawings, set(chosen["test"])).items():
            rows.append(write_drawings(arguments.out, name, part, members))
            counts[part] += len(members)
    with (arguments.out / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    authors = " and ".join(sorted({NAMES.get(row["author"], row["author"]) for row in rows[:shapes]}))
    classes = len({row["class"] for row in rows})
    text = README.format(shapes=shapes, classes=classes, authors=authors, **counts)
    (arguments.out / "README.md").write_text(text, encoding="utf-8")
    print(
        f"{arguments.out}: {shapes} shapes, {counts['train']} + {counts['test']} drawings, {classes} classes"
    )


def read_choice(path: Path) -> dict[str, list[str]]:
    """Read `sample.txt`: kind -> values."""
    choice: dict[str, list[str]] = defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, value = line.split(maxsplit=1)
            choice[kind].append(value)
    return choice


def write_shapes(source: Path, files: Iterable[str], out: Path) -> Iterable[dict[str, str]]:
    """Write the geometry of each chosen shape and give its row of the manifest."""
    with (source / "manifest.csv").open(newline="", encoding="utf-8") as file:
        known = {row["file"]: row for row in csv.DictReader(file)}
    for name in files:
        row = known[name]
        target = Path("shapes", row["class"].replace(" ", "_"), Path(name).stem + ".glb")
        (out / target).parent.mkdir(parents=True, exist_ok=True)
        (out / target).write_bytes(to_glb(load_mesh(source / name)))
        yield {**row, "file": target.as_posix()}


def to_glb(mesh: Mesh) -> bytes:
    """Write geometry as binary glTF 2.0: one node, positions welded where they are equal, short indices."""
    positions, place = np.unique(mesh.vertices, axis=0, return_inverse=True)
    indices = place.reshape(-1)[mesh.faces].astype(np.uint16 if len(positions) < 65536 else np.uint32)
    triangles, points = indices.tobytes(), positions.astype("<f4").tobytes()
    triangles += b"\0" * (-len(triangles) % 4)
    document: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": "sketchshape"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "buffers": [{"byteLength": len(points) + len(triangles)}],
        "bufferViews": [
            {"buffer": 0, "byteLength": len(points), "target": 34962},
            {"buffer": 0, "byteOffset": len(points), "byteLength": len(triangles), "target": 34963},
        ],
        "accessors": [
            {
                "bufferView": 0,
                "componentType": 5126,
                "count": len(positions),
                "type": "VEC3",
                "min": positions.min(0).tolist(),
                "max": positions.max(0).tolist(),
            },
            {
                "bufferView": 1,
                "componentType": 5123 if indices.dtype == np.uint16 else 5125,
                "count": indices.size,
                "type": "SCALAR",
            },
        ],
    }
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    body = struct.pack("<I4s", len(text), b"JSON") + text
    body += struct.pack("<I4s", len(points) + len(triangles), b"BIN\0") + points + triangles
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


def read_drawings(path: Path, left_out: set[str]) -> list[dict[str, Any]]:
    """Read the recognised drawings of a word, with only the fields that are used."""
    drawings = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [
        {
            "word": one["word"],
            "key_id": one["key_id"],
            "recognized": True,
            "drawing": [rounded(*stroke[:2]) for stroke in one["drawing"]],
        }
        for one in drawings
        if one["recognized"] and one["key_id"] not in left_out
    ]


def rounded(xs: list[float], ys: list[float]) -> list[list[int]]:
    """Round a stroke to whole numbers, without points that then repeat."""
    points = [(round(x), round(y)) for x, y in zip(xs, ys, strict=True)]
    kept = [point for n, point in enumerate(points) if n == 0 or point != points[n - 1]]
    return [[x for x, _ in kept], [y for _, y in kept]]


def split(drawings: list[dict[str, Any]], only_test: set[str]) -> dict[str, list[dict[str, Any]]]:
    """Split by a hash of the key; drawings that must not be trained on come first into the test part."""
    by_hash = sorted(drawings, key=lambda one: hashlib.sha256(one["key_id"].encode()).digest())[
        :MOST_DRAWINGS
    ]
    ordered = sorted(by_hash, key=lambda one: one["key_id"] not in only_test)
    must = sum(one["key_id"] in only_test for one in ordered)
    count = max(must, round(len(ordered) * TEST_FRACTION))
    return {"train": ordered[count:], "test": ordered[:count]}


def write_drawings(out: Path, name: str, part: str, drawings: list[dict[str, Any]]) -> dict[str, str]:
    """Write one part of a class as .ndjson and give its row of the manifest."""
    target = Path("sketches", part, name.replace(" ", "_") + ".ndjson")
    (out / target).parent.mkdir(parents=True, exist_ok=True)
    lines = (
        json.dumps(one, separators=(",", ":")) + "\n"
        for one in sorted(drawings, key=lambda one: one["key_id"])
    )
    (out / target).write_text("".join(lines), encoding="utf-8")
    return {"class": name, "file": target.as_posix(), **DRAWN}


if __name__ == "__main__":
    main()
