"""Embeddings of a seed in a file: they come back as they were, with what compares them."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from sketchshape.encoders.likeness import NAMES, likeness
from sketchshape.errors import ArtefactError
from sketchshape.metrics import evaluate
from sketchshape.runs.embeddings import Embeddings, load_embeddings, save_embeddings
from sketchshape.runs.results import SHOWN, _read_seed

ROWS = {"cosine": (6,), "euclidean": (6,), "nearest_view": (3, 6), "subspace": (2, 6)}


def embeddings(name: str) -> Embeddings:
    random = np.random.default_rng(0)
    shapes = random.normal(size=(13, *ROWS[name])).astype(np.float32)
    if name == "subspace":
        shapes = np.linalg.qr(shapes.swapaxes(1, 2))[0].swapaxes(1, 2)
    one, ids = likeness(name), np.array([f"item {n}" for n in range(13)])
    sketches = one.prepare(random.normal(size=(5, 6)).astype(np.float32))
    labels = np.arange(13) % 3
    return Embeddings(ids[:5], labels[:5], sketches, ids, labels, one.prepare(shapes), name)


@pytest.mark.parametrize("name", NAMES)
def test_embeddings_come_back_with_their_likeness(tmp_path: Path, name: str) -> None:
    made = embeddings(name)
    save_embeddings(tmp_path / "e.npz", made, "stamp")
    found = load_embeddings(tmp_path / "e.npz", "stamp")
    for field in fields(Embeddings):
        np.testing.assert_array_equal(getattr(found, field.name), getattr(made, field.name))
    assert type(found.likeness) is str
    expected = likeness(name).between(made.query_embeddings, made.gallery_embeddings)
    assert found.similarity().tobytes() == expected.tobytes()


def test_a_file_without_a_likeness_has_the_cosine(tmp_path: Path) -> None:
    made = embeddings("cosine")
    arrays = {name: value for name, value in vars(made).items() if name != "likeness"}
    np.savez(tmp_path / "e.npz", format=1, stamp="s", **arrays)
    found = load_embeddings(tmp_path / "e.npz", "s")
    assert found.similarity().tobytes() == (made.query_embeddings @ made.gallery_embeddings.T).tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_a_report_reads_the_scores_of_the_likeness(tmp_path: Path, name: str) -> None:
    made = embeddings(name)
    save_embeddings(tmp_path / "embeddings.npz", made, "stamp")
    similarity = made.similarity()
    expected = evaluate(similarity, made.query_labels, made.gallery_labels)
    seed = _read_seed(tmp_path, 3, {"scores": expected.to_json()})
    assert seed.scores.to_json() == expected.to_json()
    assert seed.query_ids == [f"item {n}" for n in range(5)]
    np.testing.assert_array_equal(seed.best, np.argsort(-similarity, axis=1, kind="stable")[:, :SHOWN])
    with pytest.raises(ArtefactError, match=r"run\.json says mAP 1\.5"):
        _read_seed(tmp_path, 3, {"scores": {"mAP": 1.5}})


def test_embeddings_that_do_not_fit_their_likeness_are_refused(tmp_path: Path) -> None:
    save_embeddings(tmp_path / "embeddings.npz", replace(embeddings("cosine"), likeness="subspace"), "stamp")
    with pytest.raises(ArtefactError, match=r"embeddings.npz: embeddings .* expected for subspace"):
        _read_seed(tmp_path, 0, {})


def test_damaged_embeddings_are_refused_with_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "e.npz"
    with pytest.raises(ArtefactError, match="is not there; run the same training command again"):
        load_embeddings(path)
    made = embeddings("cosine")
    save_embeddings(path, made, "stamp")
    with pytest.raises(ArtefactError, match="made from other settings or data; train again with --fresh"):
        load_embeddings(path, "other")
    whole = path.read_bytes()
    for data in (b"", b"PK", whole[:100], whole[: len(whole) // 2]):
        path.write_bytes(data)
        with pytest.raises(ArtefactError, match=r"unreadable \(.*\); remove it and train again"):
            load_embeddings(path)
    save_embeddings(path, replace(made, likeness="l2"), "stamp")
    with pytest.raises(ArtefactError, match=r"unreadable \(likeness is 'l2', expected one of: cosine"):
        load_embeddings(path)
    np.savez(path, format=1, stamp="stamp", query_ids=made.query_ids)
    with pytest.raises(ArtefactError, match=r"unreadable .*query_labels"):
        load_embeddings(path)
