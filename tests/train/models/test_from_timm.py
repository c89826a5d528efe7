"""Backbones of timm, by a stand-in with what is used of it: made, frozen, fine-tuned, hashed, exported."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from safetensors.torch import save_file  # noqa: E402
from torch import nn  # noqa: E402

from sketchshape.config.backbone import BackboneSettings  # noqa: E402
from sketchshape.config.run import RunSettings, TrainSettings  # noqa: E402
from sketchshape.errors import ArtefactError, ConfigError, MissingExtraError, SketchshapeError  # noqa: E402
from sketchshape.train.models.backbones import build_backbone  # noqa: E402
from sketchshape.train.models.frozen import frozen  # noqa: E402
from sketchshape.train.models.pair import new_pair  # noqa: E402
from sketchshape.train.models.retriever import Sizes, save_networks  # noqa: E402
from sketchshape.train.models.weights import weights_digest  # noqa: E402
from sketchshape.train.trained import load_trained  # noqa: E402

torch.set_num_threads(1)
MEAN, STD = (0.5, 0.4, 0.3), (0.25, 0.5, 1.0)


class NormAct(nn.BatchNorm2d):
    """As timm's BatchNormAct2d: the activation is a part of the batch-norm."""

    def forward(self, x):
        return super().forward(x).relu()


class Small(nn.Module):
    """A network with a layer behind the pooling, as MobileNet v3 has it."""

    def __init__(self, num_classes=1000, seed=0, fixed=False):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            if seed:
                torch.manual_seed(seed)
            self.conv = nn.Conv2d(3, 6, 3, 2, bias=False)
            self.bn = NormAct(6)
            self.deep = nn.Conv2d(6, 8, 3, 2)
            self.conv_head = nn.Linear(8, 12)
        self.classifier = nn.Linear(12, num_classes) if num_classes else nn.Identity()
        self.num_features, self.head_hidden_size = 8, 12
        self.pretrained_cfg = {"classifier": "classifier", "fixed_input_size": fixed}

    def forward(self, x):
        x = self.deep(self.bn(self.conv(x))).mean((2, 3))
        return self.classifier(self.conv_head(x).relu())


@pytest.fixture(autouse=True)
def timm(monkeypatch):
    def create_model(name, pretrained=False, num_classes=1000):
        if name.endswith(".absent"):
            raise RuntimeError("Invalid pretrained tag\n(absent)")
        return Small(num_classes, seed=7 if pretrained else 0, fixed=name == "vit_small")

    package, data = ModuleType("timm"), ModuleType("timm.data")
    package.create_model, package.data = create_model, data
    package.list_models = lambda: ["convnext_small", "convnext_tiny", "vit_small"]
    data.resolve_model_data_config = lambda _: {"mean": MEAN, "std": STD, "input_size": (3, 64, 64)}
    monkeypatch.setitem(sys.modules, "timm", package)
    monkeypatch.setitem(sys.modules, "timm.data", data)


def _pictures(count=3, size=48):
    values = np.random.default_rng(0).integers(0, 256, (count, size, size), dtype=np.uint8)
    return torch.from_numpy(values)


def test_features_are_what_timm_pools_from_three_equal_channels():
    pictures = _pictures()
    backbone = build_backbone("timm/convnext_tiny", "imagenet", 48)
    plain = Small(0, seed=7).eval()
    grey = (pictures[:, None] / 255).expand(-1, 3, -1, -1)
    middle, spread = (torch.tensor(value).view(3, 1, 1) for value in (MEAN, STD))
    with torch.inference_mode():
        torch.testing.assert_close(backbone(pictures), plain((grey - middle) / spread))
    assert backbone.name == "timm/convnext_tiny"
    assert backbone.dim == 12


def test_freezing_keeps_the_activations_that_are_a_part_of_batch_norms():
    backbone = build_backbone("timm/convnext_tiny", "imagenet", 48)
    pictures = _pictures(5)
    with torch.inference_mode():
        expected = backbone(pictures)
    torch.testing.assert_close(frozen(backbone)(pictures), expected, rtol=1e-5, atol=1e-5)


def test_random_weights_follow_the_seed():
    one, again, other = (build_backbone("timm/convnext_tiny", "none", 48, seed=seed) for seed in (1, 1, 2))
    assert weights_digest(one) == weights_digest(again) != weights_digest(other)


def test_making_one_leaves_the_generator_alone():
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    build_backbone("timm/convnext_tiny", "none", 48)
    assert torch.equal(torch.rand(2), expected)


def test_a_file_of_timm_with_its_classifier_fits_and_so_does_one_of_ours(tmp_path):
    made = build_backbone("timm/convnext_tiny", "imagenet", 48)
    torch.save(Small(1000, seed=7).state_dict(), tmp_path / "timm.pth")
    save_file(made.state_dict(), tmp_path / "ours.safetensors")
    for name in ("timm.pth", "ours.safetensors"):
        again = build_backbone("timm/convnext_tiny", str(tmp_path / name), 48)
        assert weights_digest(again) == weights_digest(made)
    torch.save({"more": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(ArtefactError, match=r"other.pth: not weights of timm/convnext_tiny"):
        build_backbone("timm/convnext_tiny", str(tmp_path / "other.pth"), 48)


def test_the_hash_follows_name_and_normalisation(monkeypatch):
    first = weights_digest(build_backbone("timm/convnext_tiny", "imagenet", 48))
    assert weights_digest(build_backbone("timm/convnext_small", "imagenet", 48)) != first
    other = {"mean": (0.0,) * 3, "std": STD, "input_size": (3, 64, 64)}
    monkeypatch.setattr(sys.modules["timm.data"], "resolve_model_data_config", lambda _: other)
    assert weights_digest(build_backbone("timm/convnext_tiny", "imagenet", 48)) != first


def test_it_is_fine_tuned_beside_another_stored_and_loaded(tmp_path):
    backbone = BackboneSettings(("timm/convnext_tiny", "tiny"), "none", (48, 32))
    settings, device = (
        RunSettings(backbone=backbone, train=TrainSettings(backbone="finetune")),
        torch.device("cpu"),
    )
    sizes = Sizes(48, 48, 2)  # of pictures, whose backbones are trained
    pair = new_pair(settings, sizes, 0, device)
    pair.sketches(_pictures()).sum().backward()
    assert all(one.grad is not None for one in pair.sketches.backbone.parameters())
    made = pair.retriever(settings, device)
    save_networks(tmp_path, made, sizes, "key")
    sketches = _pictures().numpy()[:, None]
    expected = made.embed_sketches(sketches)
    np.testing.assert_array_equal(
        load_trained(tmp_path, settings, "key", device).embed_sketches(sketches), expected
    )
    assert pair.shapes.backbone.dim == 12 + 32


@pytest.mark.slow
def test_the_exported_graph_gives_the_same_vectors():
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    from sketchshape.train.export.graphs import sketch_graph

    settings = RunSettings(backbone=BackboneSettings("timm/convnext_tiny", "imagenet", 48))
    made = new_pair(settings, Sizes(12, 12, 2), 0, torch.device("cpu")).retriever(
        settings, torch.device("cpu")
    )
    session = runtime.InferenceSession(sketch_graph(made, settings).SerializeToString())
    (found,) = session.run(None, {"pictures": _pictures().numpy()})
    backbone = build_backbone("timm/convnext_tiny", "imagenet", 48)
    with torch.inference_mode():
        expected = made.sketches.eval()(backbone(_pictures()))
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-5)


def test_what_is_wrong_is_said_in_one_line(monkeypatch):
    with pytest.raises(ConfigError, match=r"'timm/convnext_tinny', which timm does not have; did you mean"):
        build_backbone("timm/convnext_tinny", "none", 48)
    with pytest.raises(ConfigError, match=r"timm\.list_models\(\) names those there are"):
        build_backbone("timm/zzz", "none", 48)
    with pytest.raises(SketchshapeError, match=r"timm cannot make convnext_tiny.absent \(Invalid .*=FILE$"):
        build_backbone("timm/convnext_tiny.absent", "imagenet", 48)
    with pytest.raises(ConfigError, match=r"no weights of timm/convnext_tiny are bundled; use .*=imagenet"):
        build_backbone("timm/convnext_tiny", "bundled", 48)
    with pytest.raises(ConfigError, match=r"backbone.size is 48, but timm/vit_small needs 64"):
        build_backbone("timm/vit_small", "none", 48)
    with pytest.raises(ConfigError, match=r"backbone.size is 24, but timm/convnext_tiny needs at least 32"):
        build_backbone("timm/convnext_tiny", "none", 24)
    monkeypatch.setitem(sys.modules, "timm", None)
    monkeypatch.setitem(sys.modules, "timm.data", None)
    with pytest.raises(
        MissingExtraError, match=r"timm is not installed; run: pip install 'sketchshape\[timm\]'"
    ):
        build_backbone("timm/convnext_tiny", "none", 48)
