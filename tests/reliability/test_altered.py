"""Altered and cut files of a bundle and of an index: each is refused in one line, or does no harm."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import kills
import numpy as np
import pytest
from onnx_bundles import onnx_bundle
from search_library import library, projection

from sketchshape.encoders.bundle import Bundle
from sketchshape.encoders.record import FILES, RECORD, seal
from sketchshape.encoders.vocabulary import FILE as WORDS
from sketchshape.encoders.vocabulary import Vocabulary
from sketchshape.errors import ArtefactError, SketchshapeError
from sketchshape.index import build_index
from sketchshape.index.catalogue import Catalogue
from sketchshape.render.workers import Crew
from sketchshape.resources import BUNDLE
from sketchshape.search import Searcher

SOME = int(os.environ.get("FAULTS", "1"))  # times as many of the tries


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small bundle with words."""
    folder = onnx_bundle(tmp_path_factory.mktemp("bundle") / "b", "cosine")
    found = Bundle.open(folder)
    Vocabulary(("a", "b"), found.centers, 3.0).save(folder, found.hash)
    seal(folder)
    assert Bundle.open(folder).words is not None
    return folder


@pytest.mark.parametrize("how", ["cut", "bit"])
@pytest.mark.parametrize("name", [*FILES, RECORD, WORDS])
def test_each_altered_bit_of_a_bundle_and_each_cut_is_seen(
    name: str, how: str, bundle: Path, tmp_path: Path
) -> None:
    folder, chance = tmp_path / "b", np.random.default_rng(2)
    shutil.copytree(bundle, folder)
    whole = (folder / name).read_bytes()
    for at in chance.integers(0, max(8 * len(whole), 1), (40 if whole else 0) * SOME).tolist():
        altered = bytearray(whole)
        if how == "cut":
            del altered[at // 8 :]
        else:
            altered[at // 8] ^= 1 << (at % 8)
        (folder / name).write_bytes(altered)
        with pytest.raises(SketchshapeError, match="export") as caught:
            Bundle.open(folder)
        assert "\n" not in str(caught.value)
    (folder / name).write_bytes(whole)
    assert Bundle.open(folder).hash == Bundle.open(bundle).hash


@pytest.mark.slow
def test_each_bit_of_a_record_counts(bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "b"
    shutil.copytree(bundle, folder)
    whole = (folder / RECORD).read_bytes()
    for at in range(8 * len(whole)):
        altered = bytearray(whole)
        altered[at // 8] ^= 1 << (at % 8)
        (folder / RECORD).write_bytes(altered)
        with pytest.raises(ArtefactError):
            Bundle.open(folder)


def test_words_that_are_gone_are_missed_and_one_of_before_seals_is_read(bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "b"
    shutil.copytree(bundle, folder)
    (folder / WORDS).unlink()
    with pytest.raises(ArtefactError, match=r"words\.npz changed since the export.*seal_bundle"):
        Bundle.open(folder)
    record = json.loads((folder / RECORD).read_text())
    old = {key: value for key, value in record.items() if key != "seal"} | {"format": 3}
    (folder / RECORD).write_text(json.dumps(old, indent=2) + "\n")
    assert Bundle.open(folder).hash == record["hash"]
    seal(folder)
    assert json.loads((folder / RECORD).read_text())["format"] == 4
    assert Bundle.open(folder).hash == record["hash"]


def test_the_bundle_that_ships_has_a_seal() -> None:
    record = json.loads((BUNDLE / RECORD).read_text(encoding="utf-8"))
    assert "seal" in record, f"python scripts/data/seal_bundle.py {BUNDLE}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library with an index beside it."""
    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(Crew, "call", kills.call_here)
    root = library(tmp_path / "library")
    (root / "bad.off").write_text("no mesh")
    index(root, up="z")
    return root


def index(root: Path, **options: Any) -> None:
    build_index(root, root.parent / "index", bundle=projection(), quiet=True, **options)


def asked(root: Path) -> list[tuple[int, str, float]]:
    """Ask an index as the command line does."""
    searcher = Searcher.open(root.parent / "index", projection())
    found = searcher.search([[[0, 9, 9], [0, 0, 9]]], 9, words="table")
    ids = [int(id) for id in found.ids]
    assert [str(searcher.catalogue.get(id).path) for id in ids] == [str(path) for path in found.paths]
    return list(zip(ids, map(str, found.paths), map(float, found.scores), strict=True))


@pytest.mark.parametrize("how", ["bit", "text", "page", "cut"])
def test_an_altered_catalogue_is_refused_with_the_remedy_or_does_no_harm(how: str, folder: Path) -> None:
    path, chance = folder.parent / "index/catalogue.sqlite", np.random.default_rng(1)
    whole, answer, content = path.read_bytes(), asked(folder), kills.content(folder.parent / "index")
    places = chance.integers(0, len(whole), (40 if how != "text" else 0) * SOME).tolist()
    if how == "text":  # of names and hashes, which SQLite takes for what they are
        places = [
            place + at
            for word in (b"OfficeChair", b'"tables"')
            for place in found(whole, word)
            for at in (1, 4)
        ]
        assert len(places) > 6
    said = []
    for at in places:
        altered = bytearray(whole)
        if how == "cut":
            del altered[at:]
        elif how == "page":
            altered[at : at + 512] = chance.bytes(len(altered[at : at + 512]))
        else:
            altered[at] ^= 1 << (0 if how == "text" else int(chance.integers(8)))
        path.write_bytes(altered)
        try:
            assert asked(folder) == answer
            index(folder)
            assert kills.content(folder.parent / "index") == content
        except SketchshapeError as error:
            said.append(str(error))
        path.write_bytes(whole)
    known = ("index again with --fresh", "no index in it; make one")  # of which hardly a page is left
    assert [one for one in said if "\n" in one or not any(remedy in one for remedy in known)] == []
    assert len(said) >= {"bit": 1, "text": len(places), "page": 5 * SOME, "cut": 30 * SOME}[how]


def found(data: bytes, word: bytes) -> list[int]:
    return [match.start() for match in re.finditer(re.escape(word), data)]


def test_altered_rows_are_made_anew_and_choices_of_a_person_stay(folder: Path) -> None:
    path, content = folder.parent / "index/catalogue.sqlite", kills.content(folder.parent / "index")
    data = path.read_bytes()
    assert data.count(b'"tables"') > 1
    path.write_bytes(data.replace(b'"tables"', b'"tablet"'))
    with pytest.raises(
        ArtefactError, match=r"altered since it was written: shape\); index again with --fresh"
    ):
        index(folder)
    index(folder, fresh=True)
    assert kills.content(folder.parent / "index") == content
    with Catalogue(folder.parent / "index") as catalogue:
        assert catalogue.rows("SELECT up FROM chosen_folder")[0] == ("z",)


def test_an_index_of_before_there_were_sums_is_read_and_gets_them(folder: Path) -> None:
    path, answer = folder.parent / "index/catalogue.sqlite", asked(folder)
    with contextlib.closing(sqlite3.connect(path)) as base:
        base.executescript("DELETE FROM fact WHERE name LIKE 'sum of %'; PRAGMA user_version = 2")
    assert asked(folder) == answer
    index(folder)
    with Catalogue(folder.parent / "index", create=True) as catalogue:
        assert len(catalogue.rows("SELECT * FROM fact WHERE name LIKE 'sum of %'")) == 10
        assert catalogue.rows("PRAGMA user_version") == [(3,)]
    path.write_bytes(path.read_bytes().replace(b"OfficeChair", b"OfficeChbir"))
    with pytest.raises(ArtefactError, match="altered since it was written"):
        asked(folder)
