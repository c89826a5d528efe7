"""Shapes in an index whose embedding is not one row of length 1."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from search_library import WIDTH, Projection, box, projection

from sketchshape.encoders.likeness import likeness
from sketchshape.images import prepare_views
from sketchshape.index import Catalogue, contents
from sketchshape.index.catalogue import set_fact
from sketchshape.index.contents import group, open_vectors
from sketchshape.index.encode import Encoded, encode
from sketchshape.mesh import load_mesh
from sketchshape.render import render_views
from sketchshape.render.limits import Limits
from sketchshape.types import F32, U8


class EachView(Projection):
    """A row for each of the four views."""

    def embed_views(self, views: U8) -> F32:
        return np.stack([self.embed_sketches(each) for each in views])


def each_view() -> EachView:
    parts = {**vars(projection()), "likeness": likeness("nearest_view"), "row": (4, WIDTH)}
    return EachView(**{name: value for name, value in parts.items() if not name.startswith("_")})


def filled(folder: Path, vectors: np.ndarray) -> Catalogue:
    """An index of contents whose views are all white."""
    catalogue = Catalogue(folder, create=True)
    open_vectors(catalogue, vectors.shape[1]).write(vectors.astype(np.float32))
    with catalogue.transaction() as base:
        set_fact(base, "rows", len(vectors))
        for n in range(len(vectors)):
            made_with, outline = catalogue.made_with(projection()), bytes([255] * 256)
            base.execute(
                "INSERT INTO content VALUES (?, ?, 1, 1, 1, 1, ?, 0, ?, ?, ?)",
                (f"{n}", n, outline, *made_with),
            )
            base.execute(
                "INSERT INTO shape VALUES (?, ?, 1, 1, ?, '.off', '[]', ?)",
                (n + 1, f"/{n}.off", f"{n}", n + 1),
            )
            base.execute("INSERT INTO stand VALUES (?, 0, 'y', ?)", (n + 1, f"{n}"))
    return catalogue


def test_the_rows_of_a_shape_are_kept_one_after_the_other(tmp_path: Path) -> None:
    path, bundle = box(tmp_path / "box.off", (1, 2, 3)), each_view()
    ((_, encoded),) = encode([path], bundle, ups=["y"], workers=1, limits=Limits())
    assert isinstance(encoded, Encoded)
    assert (bundle.numbers, bundle.width) == (4 * WIDTH, WIDTH)
    views = prepare_views(render_views(load_mesh(path), 4, 32), bundle.size)
    expected = np.concatenate([bundle.embed_sketches(view[None])[0] for view in views])
    assert encoded.vector.tobytes() == expected.tobytes()


def test_shapes_are_of_one_group_by_the_direction_of_all_their_numbers(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(4, 4 * WIDTH)) * 5  # their products are far above 1
    rows[3] = 3 * rows[1]
    with filled(tmp_path, rows) as catalogue:
        assert group(catalogue, each_view()) == 1
        assert [entry.group for entry in catalogue.entries()] == [1, 2, 3, 2]


def test_rows_of_the_cosine_are_compared_as_they_are_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = np.random.default_rng(0).normal(size=(4, WIDTH)).astype(np.float32)
    given: list[bytes] = []
    monkeypatch.setattr(contents, "twins", lambda vectors, *_: given.append(vectors.tobytes()) or [])
    with filled(tmp_path, rows) as catalogue:
        group(catalogue, projection())
    assert given == [rows.tobytes()]
