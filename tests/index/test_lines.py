"""Shapes in an index that are embedded by their views and by line drawings of them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from search_library import box, projection

from sketchshape.encoders.bundle import Bundle, BundleLines
from sketchshape.images import prepare, prepare_views
from sketchshape.index.encode import Encoded, encode
from sketchshape.mesh import load_mesh
from sketchshape.render import render_lines, render_views
from sketchshape.render.limits import Limits


def with_lines(weight: float) -> Bundle:
    return dataclasses.replace(projection(), lines=BundleLines(3, 48, weight))


@pytest.mark.parametrize("weight", [0.5, 2.0])
def test_a_shape_is_the_sum_of_its_views_and_of_its_drawings(tmp_path: Path, weight: float) -> None:
    path, bundle = box(tmp_path / "box.off", (1, 2, 3)), with_lines(weight)
    ((_, encoded),) = encode([path], bundle, ups=["y"], workers=1, limits=Limits())
    assert isinstance(encoded, Encoded)
    mesh = load_mesh(path)
    seen = bundle.embed_views(prepare_views(render_views(mesh, 4, 32), bundle.size)[None])[0]
    drawings = [prepare(one, bundle.sketch_size) for one in render_lines(mesh, 3, 48)]
    drawn = np.sum([bundle.embed_sketches(one[None])[0] for one in drawings], axis=0)
    expected = seen + weight * drawn / np.linalg.norm(drawn)
    np.testing.assert_allclose(encoded.vector, expected / np.linalg.norm(expected), atol=1e-5)


def test_a_shape_is_found_by_a_drawing_that_is_one_of_its_own(tmp_path: Path) -> None:
    paths = [box(tmp_path / f"{n}.off", sides) for n, sides in enumerate(((1, 1, 1), (1, 4, 1), (4, 1, 1)))]
    bundle = with_lines(4.0)
    vectors = {n: one.vector for n, one in encode(paths, bundle, ups=["y"] * 3, workers=1, limits=Limits())}  # type: ignore[union-attr]
    for number, path in enumerate(paths):
        drawing = prepare(render_lines(load_mesh(path), 3, 48)[0], bundle.sketch_size)
        query = bundle.embed_sketches(drawing[None])[0]
        scores = [float(query @ vectors[other]) for other in range(3)]
        assert int(np.argmax(scores)) == number


def test_drawings_that_are_missing_are_refused() -> None:
    bundle, views = with_lines(1.0), np.full((4, 16, 16), 255, np.uint8)
    views[:, 4:9] = 0
    with pytest.raises(ValueError, match="line drawings: none, expected 3"):
        bundle.embed_shape(views)
    with pytest.raises(ValueError, match="line drawings: 2, expected 3"):
        bundle.embed_shape(views, views[:2])
    alone = projection().embed_shape(views)
    np.testing.assert_allclose(np.linalg.norm(alone), 1, atol=1e-6)
