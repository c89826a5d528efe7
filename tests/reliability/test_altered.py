"""Altered and cut files of a bundle: each is refused in one line."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from onnx_bundles import onnx_bundle

from sketchshape.encoders.bundle import Bundle
from sketchshape.encoders.record import FILES, RECORD, seal
from sketchshape.encoders.vocabulary import FILE as WORDS
from sketchshape.encoders.vocabulary import Vocabulary
from sketchshape.errors import ArtefactError, SketchshapeError
from sketchshape.resources import BUNDLE

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
