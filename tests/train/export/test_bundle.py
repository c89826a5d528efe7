"""An exported bundle gives what torch gives, or it is not written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from sketchshape.config import load_config
from sketchshape.config.run import RunSettings
from sketchshape.datasets import sample_root
from sketchshape.encoders import Bundle
from sketchshape.encoders.bundle import BundleLines, BundleViews
from sketchshape.errors import ArtefactError, UsageError
from sketchshape.runs.calibration import calibrate
from sketchshape.runs.embeddings import load_embeddings
from sketchshape.train.export import parity as parity_module
from sketchshape.train.export.bundle import export_run
from sketchshape.train.export.graphs import Exportable
from sketchshape.train.export.onnx_weights import save_shared
from sketchshape.train.export.parity import Parity, _differs
from sketchshape.train.models.views import OfViews
from sketchshape.train.run import train_run

CLASSES = ("key", "tree", "chair")


def small_data(root: Path) -> Path:
    for name in CLASSES:
        for path in sorted((sample_root() / "shapes" / name).iterdir())[:5]:
            (root / "shapes" / name).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, root / "shapes" / name)
        for part in ("train", "test"):
            (root / "sketches" / part).mkdir(parents=True, exist_ok=True)
            shutil.copy(sample_root() / f"sketches/{part}/{name}.ndjson", root / "sketches" / part)
    return root


@pytest.fixture(scope="module", params=["frozen", "finetune", "words"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the smallest backbone, with a frozen backbone, with a trained one, and with a words head.

    In the latter two, sketches have two backbones side by side.
    """
    root, backbone = tmp_path_factory.mktemp(request.param), request.param.replace("words", "frozen")
    data = small_data(root / "data")
    if request.param == "words":
        shutil.copy(sample_root() / "sketches/train/bed.ndjson", data / "sketches/train")
    settings = [
        "data.layout=folder",
        f"data.path={json.dumps(str(data))}",
        "views.count=4",
        "views.size=64",
        f"views.elevations={[30.0, 10.0] if request.param == 'words' else [30.0]}",
        f"views.pool={'mean+max' if request.param == 'words' else 'mean'}",
        f"views.lines={3 if backbone == 'frozen' else 0}",
        "views.line_size=48",
        "views.line_weight=0.7",
        "backbone.name=tiny",
        "backbone.weights=none",
        "backbone.size=32",
        'backbone.sketch_name=["tiny", "tiny"]' if request.param != "frozen" else "backbone.sketch_name=tiny",
        f"backbone.sketch_size={[40, 24] if request.param != 'frozen' else 40}",
        "head.hidden=32",
        "head.width=16",
        "head.standardise=true",
        "teacher.epochs=2",
        "teacher.batch=4",
        "student.epochs=2",
        "student.batch=16",
        f"words.weight={1.5 if request.param == 'words' else 0}",
        "words.hidden=24",
        "words.epochs=2",
        f"train.backbone={backbone}",
        f"train.flip_test={str(backbone == 'frozen').lower()}",
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKETCHSHAPE_CACHE", str(root / "cache"))
        (root / "run.toml").write_text("")
        train_run(load_config(RunSettings, root / "run.toml", settings), root / "run", quiet=True)
    return root / "run"


@pytest.mark.slow
def test_a_run_is_exported_and_agrees_with_torch(run: Path, tmp_path: Path) -> None:
    exported = export_run(run, tmp_path / "bundle", quiet=True)
    assert exported.parity.cosine >= 0.9999
    assert exported.parity.differing == 0
    trained = json.loads((run / "run.json").read_text())
    counts = trained["dataset"]["shapes"], trained["dataset"]["test"]
    assert (exported.parity.shapes, exported.parity.sketches) == counts
    bundle = Bundle.open(tmp_path / "bundle")
    assert bundle.hash == exported.hash
    assert bundle.classes == tuple(sorted(CLASSES))
    words = json.loads((run / "settings.json").read_text())["settings"]["words"]["weight"]
    assert (bundle.size, bundle.sketch_size, bundle.width) == (32, 40, 32 if words else 16)
    assert bundle.centers.shape == (3, bundle.width)
    assert not bundle.centers[:, 16:].any()
    np.testing.assert_allclose(np.linalg.norm(bundle.centers, axis=1), 1, atol=1e-6)
    assert bundle.views == BundleViews(4, 64, (30.0, 10.0) if words else (30.0,))
    shown = f"a shape is {8 if words else 4} views of 32 pixels"
    assert bundle.lines == (None if "finetune" in str(run) else BundleLines(3, 48, 0.7))
    assert bundle.confidence == calibrate(load_embeddings(run / "seed-0/embeddings.npz"))
    record = json.loads((tmp_path / "bundle/bundle.json").read_text())
    assert (
        record["scores"]["mAP"] == json.loads((run / "run.json").read_text())["seeds"]["0"]["scores"]["mAP"]
    )
    card = (tmp_path / "bundle/README.md").read_text()
    assert f"measured on {counts[1]} drawings" in card
    assert shown in card
    assert ("drawings of other words" in card) == bool(words)
    with pytest.raises(UsageError, match="--fresh"):
        export_run(run, tmp_path / "bundle", quiet=True)
    with pytest.raises(UsageError, match=r"--seed 5: .* has the seeds 0"):
        export_run(run, tmp_path / "other", seed=5, quiet=True)


@pytest.mark.slow
def test_what_does_not_agree_is_not_written(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Exportable.forward
    monkeypatch.setattr(Exportable, "forward", lambda self, pictures: original(self, 255 - pictures))
    with pytest.raises(ArtefactError, match=r"not exported.*cosine .* expected 0\.9999"):
        export_run(run, tmp_path / "bundle", quiet=True)
    assert list(tmp_path.iterdir()) == []


def test_a_low_cosine_or_another_ranking_is_refused() -> None:
    Parity(0.9999, 0, 10, 20, 20).demand("run")
    with pytest.raises(ArtefactError, match=r"cosine 0\.999800"):
        Parity(0.9998, 0, 10, 20, 20).demand("run")
    with pytest.raises(ArtefactError, match="another top 10 than torch for 2 of 20"):
        Parity(1.0, 2, 10, 20, 20).demand("run")
    with pytest.raises(ArtefactError):
        Parity(float("nan"), 0, 10, 20, 20).demand("run")


def test_only_the_first_places_count_and_ties_may_change() -> None:
    scores = np.linspace(1, 0, 15, dtype=np.float32)[None]
    assert not _differs(scores, scores).any()
    swapped = scores.copy()
    swapped[0, [0, 1]] = scores[0, [1, 0]]
    assert _differs(scores, swapped).all()
    below = scores.copy()
    below[0, [12, 13]] = scores[0, [13, 12]]
    assert not _differs(scores, below).any()
    tied = scores.copy()
    tied[0, 1] = scores[0, 0] - parity_module.TIE / 2
    turned = tied.copy()
    turned[0, [0, 1]] = tied[0, [1, 0]]
    assert not _differs(tied, turned).any()


def test_equal_weights_are_stored_once(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    shared, own = rng.normal(size=(2, 160, 160)).astype(np.float32)
    graphs = {}
    for name, second in (("a.onnx", shared), ("b.onnx", own)):
        weights = [numpy_helper.from_array(w, f"w{n}") for n, w in enumerate((shared, second))]
        nodes = [
            helper.make_node("MatMul", ["x", "w0"], ["h"]),
            helper.make_node("MatMul", ["h", "w1"], ["y"], doc_string="secret/path.py"),
        ]
        ends = [helper.make_tensor_value_info(one, TensorProto.FLOAT, ["n", 160]) for one in "xy"]
        graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], weights)
        graphs[name] = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    save_shared(graphs, tmp_path)
    assert (tmp_path / "weights.bin").stat().st_size == 2 * shared.nbytes / 2  # in half precision
    assert b"secret" not in (tmp_path / "b.onnx").read_bytes()
    x = rng.normal(size=(3, 160)).astype(np.float32)
    shared, own = (weights.astype(np.float16).astype(np.float32) for weights in (shared, own))
    for name, second in (("a.onnx", shared), ("b.onnx", own)):
        session = onnxruntime.InferenceSession(tmp_path / name, providers=["CPUExecutionProvider"])
        np.testing.assert_allclose(session.run(None, {"x": x})[0], x @ shared @ second, rtol=1e-4, atol=1e-3)


def test_small_variances_keep_their_digits(tmp_path: Path) -> None:
    variance = np.geomspace(1e-9, 1, 512, dtype=np.float32)  # float16 has no digits left below 6e-8
    weights = [numpy_helper.from_array(variance, "v")]
    nodes = [helper.make_node("Sqrt", ["v"], ["d"]), helper.make_node("Div", ["x", "d"], ["y"])]
    ends = [helper.make_tensor_value_info(one, TensorProto.FLOAT, ["n", 512]) for one in "xy"]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    save_shared({"a.onnx": model}, tmp_path)
    session = onnxruntime.InferenceSession(tmp_path / "a.onnx", providers=["CPUExecutionProvider"])
    x = np.ones((1, 512), np.float32)
    np.testing.assert_allclose(session.run(None, {"x": x})[0][0], variance**-0.5, rtol=1e-6)


@pytest.mark.parametrize("unit", [True, False], ids=["unit rows", "as they are"])
def test_the_graph_averages_a_drawing_with_its_mirror_image(unit: bool) -> None:
    """Unit rows are averaged as such and brought to length 1 again; others are averaged as they are."""
    torch.manual_seed(0)
    backbone, head = torch.nn.Sequential(ToFloat(), torch.nn.Flatten()), torch.nn.Linear(16, 4)
    network = torch.nn.Sequential(head, Unit()) if unit else head
    graph = Exportable(backbone, network, mirrored=True, finish=unit)
    picture = torch.randint(0, 256, (2, 4, 4), dtype=torch.uint8)
    one, other = (head(view.flatten(1).float()) for view in (picture, picture.flip(2)))
    if unit:
        one, other = (torch.nn.functional.normalize(rows, dim=1) for rows in (one, other))
        expected = torch.nn.functional.normalize(one + other, dim=1)
    else:
        expected = (one + other) / 2
    torch.testing.assert_close(graph(picture), expected)


def test_the_graph_of_shapes_gives_the_network_all_views_and_mirrors_none() -> None:
    torch.manual_seed(0)
    backbone, head = torch.nn.Sequential(ToFloat(), torch.nn.Flatten()), torch.nn.Linear(16, 4)
    pictures = torch.randint(0, 256, (2, 3, 4, 4), dtype=torch.uint8)
    expected = head(pictures.flatten(2).float())
    graph = Exportable(backbone, head, mirrored=False, finish=False)
    torch.testing.assert_close(graph(pictures), expected)
    pooled = OfViews(head)
    for finish in (False, True):
        rows = head(pictures.flatten(2).float().mean(1))
        rows = torch.nn.functional.normalize(rows, dim=1) if finish else rows
        graph = Exportable(backbone, pooled, mirrored=False, finish=finish)
        torch.testing.assert_close(graph(pictures), rows)


class Unit(torch.nn.Module):
    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.normalize(rows, dim=1)


class ToFloat(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.float()
