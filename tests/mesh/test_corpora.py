"""Every file of two collections is read; they are not part of the package, so without them this skips."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from sketchshape.errors import MeshError
from sketchshape.mesh import FORMATS, load_mesh

pytestmark = pytest.mark.slow

SHARED = Path(os.environ.get("SKETCHSHAPE_SHARED") or Path(__file__).parents[3] / "shared")
PSB = Path(os.environ.get("SKETCHSHAPE_PSB") or "psb")


def files_of(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in FORMATS)
    if not found:
        pytest.skip(f"no mesh files in {folder}: set SKETCHSHAPE_SHARED or SKETCHSHAPE_PSB")
    return found


def load_all(paths: list[Path]) -> tuple[dict[Path, int], list[MeshError]]:
    faces, problems = {}, []
    for path in paths:
        try:
            faces[path] = len(load_mesh(path).faces)
        except MeshError as error:
            problems.append(error)
    return faces, problems


def test_psb_is_read_in_full() -> None:
    paths = files_of(PSB)
    load_mesh(paths[0])
    start = time.process_time()
    faces, problems = load_all(paths)
    spent = time.process_time() - start
    assert not problems
    assert spent < 25 * len(paths) / 1258
    for path in paths[:100]:
        words = [line.split() for line in path.read_text().splitlines() if line.strip()]
        vertices, count = int(words[1][0]), int(words[1][1])
        polygons = words[2 + vertices :]
        assert len(polygons) == count
        assert faces[path] == sum(int(polygon[0]) - 2 for polygon in polygons)


def test_cc0_is_read_but_for_compressed_files() -> None:
    faces, problems = load_all(files_of(SHARED / "data" / "cc0"))
    assert all("KHR_draco_mesh_compression" in error.cause for error in problems)
    assert len(problems) <= 4
    assert min(faces.values()) > 0


def test_skinned_animals_stand_on_their_feet() -> None:
    folder = SHARED / "data" / "cc0"
    upright = [
        path for name in ("horse", "cow", "dog") for path in files_of(folder / name) if path.suffix == ".glb"
    ]
    for path in upright:
        size = np.ptp(load_mesh(path).vertices, axis=0)
        assert size.argmin() == 0, path.name  # thinner than tall or long: seen from the front
        low, high = np.quantile(load_mesh(path).vertices[:, 1], [0.02, 0.98])
        assert high - low > 0.7 * size[1]
