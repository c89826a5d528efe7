"""The words of a bundle: probabilities as one would write them down, and a file that fits its bundle."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from sketchshape.encoders import Bundle
from sketchshape.encoders.likeness import COSINE, NAMES, likeness
from sketchshape.encoders.vocabulary import FILE, Vocabulary
from sketchshape.errors import ArtefactError
from sketchshape.metrics.rows import unit
from sketchshape.runs.vocabulary import Labelled, fit_vocabulary
from sketchshape.types import F32


def rows(count: int, seed: int = 0, width: int = 6) -> F32:
    return unit(np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32))


def test_probabilities_are_those_of_a_softmax_written_down() -> None:
    words = Vocabulary(("a", "b", "c"), rows(3), 7.0)
    shapes = rows(9000, 1)
    found = words.of_shapes(shapes, COSINE)
    assert found.shape == (3, 9000)
    for place in (0, 4095, 4096, 8999):
        powers = [
            math.exp(7 * sum(float(x) * float(y) for x, y in zip(word, shapes[place], strict=True)))
            for word in words.vectors
        ]
        np.testing.assert_allclose(found[:, place], [one / sum(powers) for one in powers], rtol=1e-5)
    np.testing.assert_allclose(words.of_sketch(shapes[4], COSINE), found[:, 4], rtol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_every_likeness_tells_words_of_drawings_and_of_shapes(name: str) -> None:
    way = likeness(name)
    words = Vocabulary(("a", "b", "c", "d"), way.prepare(rows(4)), 9.0)
    for place in range(4):
        assert words.of_sketch(words.vectors[place], way).argmax() == place
    shapes = np.repeat(words.vectors[:, None], 2, 1) if way.rank == 2 else words.vectors
    np.testing.assert_allclose(words.of_shapes(shapes, way).sum(0), 1, rtol=1e-5)


def test_the_file_is_read_back_and_fits_only_its_bundle(tmp_path: Path) -> None:
    words = Vocabulary(("palm tree", "Käse"), rows(2), 7.25)
    assert Vocabulary.load(tmp_path, "one") is None
    words.save(tmp_path, "one")
    back = Vocabulary.load(tmp_path, "one")
    assert back is not None
    assert (back.names, back.sharpness) == (words.names, words.sharpness)
    np.testing.assert_allclose(back.vectors, words.vectors, atol=1e-3)
    with pytest.raises(ArtefactError, match="made for the bundle one, this is other; export"):
        Vocabulary.load(tmp_path, "other")
    (tmp_path / FILE).write_bytes((tmp_path / FILE).read_bytes()[:-40])
    with pytest.raises(ArtefactError, match=r"words\.npz: damaged"):
        Vocabulary.load(tmp_path, "one")


def test_a_word_is_the_mean_of_its_drawings_as_sharp_as_it_is_right() -> None:
    centers = np.eye(3, 6, dtype=np.float32)
    labels = np.arange(300) % 3
    noise = np.random.default_rng(0).normal(size=(2, 300, 6)).astype(np.float32)
    learned, held = (unit(centers[labels] + 0.6 * one) for one in noise)
    words = fit_vocabulary(("a", "b", "c"), Labelled(learned, labels), Labelled(held, labels), COSINE)
    for place in range(3):
        np.testing.assert_allclose(words.vectors[place], unit(learned[labels == place].mean(0)), atol=1e-6)
    shares = words.of_shapes(held, COSINE)
    right, told = (shares.argmax(0) == labels).mean(), shares.max(0).mean()
    assert told == pytest.approx(right, abs=0.03), "as often right as it says"
    with pytest.raises(ValueError, match="no drawing of 'd'"):
        fit_vocabulary(("a", "b", "c", "d"), Labelled(learned, labels), Labelled(held, labels), COSINE)


def test_the_bundle_that_ships_has_words_with_all_of_its_classes() -> None:
    bundle = Bundle.open()
    assert bundle.words is not None
    assert {*bundle.classes} < {*bundle.words.names}
    assert bundle.words.vectors.shape == (len(bundle.words.names), bundle.width)
    centers = dict(zip(bundle.classes, bundle.centers, strict=True))
    shares = {name: bundle.words.of_sketch(center, COSINE) for name, center in centers.items()}
    right = [bundle.words.names[share.argmax()] == name for name, share in shares.items()]
    assert np.mean(right) > 0.95, "the center of a class looks like its word"
