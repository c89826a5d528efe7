"""What must hold of any file: a valid value, or an error of the package that names it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sketchshape.errors import MeshError, MissingExtraError, SketchError
from sketchshape.images import read_drawing_file
from sketchshape.index.library import File, mesh_files
from sketchshape.mesh import FORMATS, load_mesh


def judge(path: Path) -> bool:
    """Read a file: whether that gave a value.

    Raises:
        AssertionError: the value is not valid.
    """
    if path.suffix == ".zip":
        return _judge_archive(path)
    try:
        if path.suffix not in FORMATS:
            ink = read_drawing_file(path)
            assert ink.dtype == np.uint8
            assert ink.ndim == 2
            assert ink.size
            return True
        mesh = load_mesh(path)
    except (MeshError, SketchError) as error:
        if path.name not in str(error):
            raise AssertionError(f"does not name the file: {error}") from error
        return False
    except MissingExtraError:
        return False
    assert np.isfinite(mesh.vertices).all()
    assert len(mesh.faces)
    assert mesh.faces.min() >= 0
    assert mesh.faces.max() < len(mesh.vertices)
    return True


def _judge_archive(path: Path) -> bool:
    """Read what an archive lists: whether all of it is well."""
    found = list(mesh_files(path))
    good = [one for one in found if isinstance(one, File) and judge(one.path)]
    return len(good) == len(found)
