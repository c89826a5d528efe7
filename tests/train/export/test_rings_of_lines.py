"""A bundle whose shapes are drawn in lines from several rings of cameras, and compared by words."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from sketchshape.config import load_config  # noqa: E402
from sketchshape.config.run import RunSettings  # noqa: E402
from sketchshape.datasets import load_dataset, sample_root  # noqa: E402
from sketchshape.encoders import Bundle  # noqa: E402
from sketchshape.encoders.bundle import BundleLines  # noqa: E402
from sketchshape.index import build_index  # noqa: E402
from sketchshape.runs.embeddings import load_embeddings  # noqa: E402
from sketchshape.search import Searcher  # noqa: E402
from sketchshape.train.export.bundle import export_run  # noqa: E402
from sketchshape.train.run import train_run  # noqa: E402

CLASSES = ("key", "tree", "chair")


def small_data(root: Path) -> Path:
    for name in CLASSES:
        (root / "shapes" / name).mkdir(parents=True)
        for path in sorted((sample_root() / "shapes" / name).iterdir())[:4]:
            shutil.copy(path, root / "shapes" / name)
        for part in ("train", "test"):
            (root / "sketches" / part).mkdir(parents=True, exist_ok=True)
            shutil.copy(sample_root() / f"sketches/{part}/{name}.ndjson", root / "sketches" / part)
    return root


@pytest.mark.slow
def test_an_index_holds_what_training_measured_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path / "cache"))
    data = small_data(tmp_path / "data")
    shutil.copy(sample_root() / "sketches/train/bed.ndjson", data / "sketches/train")
    (tmp_path / "run.toml").write_text("")
    settings = [
        *("method=word_space", "data.layout=folder", f"data.path={json.dumps(str(data))}", "views.count=4"),
        *("views.size=64", "views.lines=2", "views.line_elevations=[0.0, 30.0, 60.0]", "views.line_size=48"),
        *("views.line_power=0.5", "backbone.name=tiny", "backbone.weights=none", "backbone.size=32"),
        *("head.hidden=32", "head.width=16", "teacher.epochs=2", "student.epochs=2", "words.weight=1.0"),
    ]
    run = train_run(load_config(RunSettings, tmp_path / "run.toml", settings), tmp_path / "run", quiet=True)
    assert run["dataset"]["words"]
    export_run(tmp_path / "run", tmp_path / "bundle", quiet=True)
    bundle = Bundle.open(tmp_path / "bundle")
    assert bundle.lines == BundleLines(2, 48, 1.0, 0.5, (0.0, 30.0, 60.0))
    assert bundle.lines.total == 6
    assert bundle.width == len(CLASSES) + 1  # and bed, which has no shapes
    build_index(data / "shapes", tmp_path / "index", bundle=bundle, up="y", quiet=True, workers=1)
    searcher = Searcher.open(tmp_path / "index", bundle)
    measured = load_embeddings(tmp_path / "run/seed-0/embeddings.npz")
    similarity = measured.similarity()
    for number, sketch in enumerate(load_dataset("folder", data).test[:5]):
        assert sketch.id == str(measured.query_ids[number])
        ranking = searcher.search(sketch.read(), k=100)
        found = dict(zip([path.name for path in ranking.paths], ranking.scores, strict=True))
        expected = {Path(str(id)).name: similarity[number, n] for n, id in enumerate(measured.gallery_ids)}
        assert found.keys() == expected.keys()
        for name, score in found.items():
            assert score == pytest.approx(expected[name], abs=5e-3)
