"""The setting of the paper from files to figures: configs/shrec13.toml on some classes of the bundled sample.

Only what costs time is made small: the data, the network and its pictures, and the epochs.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from sketchshape.config import load_config  # noqa: E402
from sketchshape.config.run import RunSettings  # noqa: E402
from sketchshape.datasets import load_dataset  # noqa: E402
from sketchshape.resources import SAMPLE  # noqa: E402
from sketchshape.runs.centers import Centers  # noqa: E402
from sketchshape.train.data.inputs import prepare_inputs  # noqa: E402
from sketchshape.train.data.preparer import Preparer  # noqa: E402
from sketchshape.train.measure import measure  # noqa: E402
from sketchshape.train.models.backbones import build_backbone  # noqa: E402
from sketchshape.train.run import train_run  # noqa: E402
from sketchshape.train.trained import load_trained  # noqa: E402

torch.set_num_threads(1)
CONFIG = Path(__file__).parents[2] / "configs/shrec13.toml"
CLASSES = ("axe", "door", "key", "tree")
SMALL = (
    "data.layout=folder",
    "backbone.name=tiny",
    "backbone.weights=none",
    "backbone.size=32",
    "views.size=32",
    "teacher.epochs=1",
    "student.epochs=1",
    "train.seeds=[0]",
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("few")
    for name in CLASSES:
        shutil.copytree(SAMPLE / f"shapes/{name}", root / f"shapes/{name}")
        for part in ("train", "test"):
            (root / f"sketches/{part}").mkdir(parents=True, exist_ok=True)
            shutil.copy(SAMPLE / f"sketches/{part}/{name}.ndjson", root / f"sketches/{part}")
    return root


def test_the_setting_of_the_paper_runs_from_files_to_figures(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path / "cache"))
    run = load_config(RunSettings, CONFIG, [*SMALL, f"data.path={json.dumps(str(root))}"])
    record = train_run(run, tmp_path / "run", workers=1, quiet=True)
    assert record["dataset"]["validation"] == 0
    figures = record["seeds"]["0"]
    assert 0 < figures["scores"]["mAP"] <= 1
    assert {*figures["seconds"]} == {"teacher", "student"}
    assert figures["target_check"]["classes"] == len(CLASSES)
    assert measure(tmp_path / "run").seeds[0].map == pytest.approx(figures["scores"]["mAP"], abs=1e-12)

    place, device = tmp_path / "run/seed-0", torch.device("cpu")
    trained = load_trained(place, run, record["hash"], device)
    fresh = build_backbone("tiny", "none", 32).state_dict()
    for network in (
        trained.shapes,
        trained.sketches,
    ):  # the backbone has its full rate
        moved = network.encoder.backbone.state_dict()
        weights = [name for name, one in fresh.items() if one.ndim > 1]
        assert weights
        assert not any(torch.equal(moved[name], fresh[name]) for name in weights)
        groups = network.encoder.groups(run.student.backbone_lr)
        assert [group.factor for group in groups] == [1.0, 1.0]

    inputs = prepare_inputs(load_dataset("folder", root), Preparer(run, workers=1, quiet=True))
    assert inputs.shapes.data.shape[1] == 12
    with torch.inference_mode():
        rows = trained.shapes.encoder(torch.from_numpy(inputs.shapes.data)).numpy().astype(np.float64)
    centers = Centers.load(place / "centers.npz", record["hash"])
    assert centers.classes == CLASSES
    for label, center in enumerate(centers.values):  # [CGN] section 3.2, literally
        own = [row for row, other in zip(rows, inputs.shapes.labels, strict=True) if other == label]
        assert center == pytest.approx(sum(own) / len(own), abs=1e-5)
