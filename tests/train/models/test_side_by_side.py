"""Networks side by side: their features are those of the parts, whatever is done with them."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from safetensors.torch import save_file  # noqa: E402
from torch.nn import functional  # noqa: E402

from sketchshape.config import load_config  # noqa: E402
from sketchshape.config.backbone import BackboneSettings  # noqa: E402
from sketchshape.config.run import RunSettings, TrainSettings  # noqa: E402
from sketchshape.errors import ConfigError  # noqa: E402
from sketchshape.train.models.backbones import (  # noqa: E402
    FORMER,
    backbone_class,
    build_backbone,
)
from sketchshape.train.models.frozen import frozen  # noqa: E402
from sketchshape.train.models.pair import new_pair  # noqa: E402
from sketchshape.train.models.retriever import Sizes, save_networks  # noqa: E402
from sketchshape.train.models.weights import weights_digest  # noqa: E402
from sketchshape.train.trained import load_trained  # noqa: E402

torch.set_num_threads(1)
WIDE = "mobilenet_v1_wide"


def _pictures(count=2, size=160, seed=0):
    values = np.random.default_rng(seed).integers(0, 256, (count, size, size), dtype=np.uint8)
    return torch.from_numpy(values)


def _joined(names, weights, sizes, pictures):
    """Write out what a list of networks gives: each sees the normalised picture at its own size."""
    found = []
    for name, source, size in zip(names, weights, sizes, strict=True):
        part = build_backbone(name, source, size)
        seen = part.normalise(pictures)
        if size < pictures.shape[-1]:
            seen = functional.interpolate(seen, (size, size), mode="bilinear", antialias=True)
        found.append(part.describe(seen))
    return torch.cat(found, 1)


@pytest.mark.parametrize(
    ("names", "sizes"),
    [
        ((WIDE, WIDE), (160, 112)),
        ((WIDE, WIDE, WIDE), (224, 112, 112)),
        ((WIDE, "efficientnet_lite2"), (160, 224)),
        ((WIDE, "tiny", "resnet18"), (64, 64, 64)),
    ],
)
def test_features_are_those_of_the_parts_one_after_the_other(names, sizes, tmp_path):
    weights = []
    for number, (name, size) in enumerate(zip(names, sizes, strict=True)):
        path = tmp_path / f"{number}.safetensors"
        save_file(build_backbone(name, "none", size, seed=number).state_dict(), path)
        weights.append(str(path))
    pictures = _pictures(2, max(sizes))
    network = build_backbone(names, tuple(weights), sizes)
    with torch.inference_mode():
        found = network(pictures)
        assert torch.equal(found, _joined(names, weights, sizes, pictures))
    assert found.shape[1] == network.dim


def test_weights_and_sizes_may_be_one_for_all():
    pictures = _pictures(1, 64)
    with torch.inference_mode():
        one = build_backbone(("mobilenet_v1", WIDE), "bundled", 64)(pictures)
        assert torch.equal(one, build_backbone(("mobilenet_v1", WIDE), ("bundled",) * 2, (64, 64))(pictures))


def test_a_list_of_one_is_that_network():
    alone, listed = build_backbone("tiny", "none", 32), build_backbone(("tiny",), ("none",), (32,))
    assert type(listed) is type(alone)
    assert weights_digest(listed) == weights_digest(alone)


def test_parts_with_random_weights_differ():
    features = build_backbone(("tiny", "tiny"), "none", 32)(_pictures(1, 32))
    assert not torch.equal(features[:, :32], features[:, 32:])


def test_freezing_changes_nothing_but_the_last_digits():
    network = build_backbone((WIDE, "tiny", WIDE), ("bundled", "none", "drawings"), (96, 64, 80))
    pictures = _pictures(5, 96)
    with torch.inference_mode():
        expected = network(pictures)
    fast = frozen(network)
    found = fast(pictures)
    assert float((found - expected).abs().max()) < 2e-5 * float(expected.abs().max())
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in fast.modules())
    assert torch.equal(fast(pictures[:2]), found[:2])


def test_apart_each_sees_the_same_pictures_and_the_largest_is_as_if_alone():
    names, weights, sizes = (WIDE, WIDE, "tiny"), ("bundled", "drawings", "none"), (96, 64, 80)
    network, pictures = build_backbone(names, weights, sizes), _pictures(5, 96)
    apart = network.apart()
    with torch.inference_mode():
        assert torch.equal(torch.cat([part(pictures) for part in apart], 1), network(pictures))
    hashes = [weights_digest(part) for part in apart]
    assert hashes[0] == weights_digest(build_backbone(WIDE, "bundled", 96))
    assert len({*hashes, weights_digest(build_backbone(WIDE, "drawings", 64))}) == 4  # from 96 to 64 pixels


def test_the_hash_follows_order_sizes_and_versions(monkeypatch):
    def made(names=("tiny", "tiny"), sizes=(32, 16)):
        network = build_backbone(names, "none", sizes)
        for parameter in network.parameters():
            torch.nn.init.constant_(parameter, 0.5)
        return weights_digest(network)

    first = made()
    assert made() == first
    assert len({first, made(sizes=(16, 32)), made(sizes=(32, 17)), made(("tiny", "resnet18"), (32, 32))}) == 4
    monkeypatch.setattr(backbone_class("tiny"), "version", 99)
    assert made() != first


def test_the_name_counts_equal_parts():
    network = build_backbone(("tiny", "resnet18", "tiny"), "none", 32)
    assert network.name == "2 × tiny + resnet18"


def test_each_size_is_checked():
    with pytest.raises(ConfigError, match=r"backbone\.size is 40, but alexnet needs at least 63"):
        build_backbone(("tiny", "alexnet"), "none", (64, 40))


@pytest.mark.parametrize("name", FORMER)
def test_a_name_that_there_was_says_what_to_write(name):
    with pytest.raises(ConfigError, match=rf"backbone\.name is '{name}', which is no more; write .*name = "):
        backbone_class(name)


@pytest.mark.parametrize("name", [name for name, text in FORMER.items() if "[" in text])
def test_what_to_write_for_it_is_a_configuration(name, tmp_path):
    path = tmp_path / "run.toml"
    path.write_text("[backbone]\n" + FORMER[name].replace("], ", "]\n"))
    backbone = load_config(RunSettings, path).backbone
    for part in (*backbone.of("shape").parts, *backbone.of("sketch").parts):
        assert part.size >= backbone_class(part.name).least


def test_they_are_fine_tuned_stored_and_loaded(tmp_path):
    settings = RunSettings(
        backbone=BackboneSettings(("tiny", "tiny"), "none", (32, 24), sketch_name="tiny", sketch_size=32),
        train=TrainSettings(backbone="finetune"),
    )
    device = torch.device("cpu")
    sizes = Sizes(32, 32, 2)  # of pictures, whose backbones are trained
    pair = new_pair(settings, sizes, 0, device)
    assert (pair.shapes.backbone.dim, pair.sketches.backbone.dim) == (64, 32)
    pair.shapes(_pictures(6, 32).reshape(2, 3, 32, 32)).sum().backward()
    for part in pair.shapes.backbone.parts:
        assert all(parameter.grad.abs().sum() > 0 for parameter in part.parameters())
    made = pair.retriever(settings, device)
    save_networks(tmp_path, made, sizes, "key")
    again = load_trained(tmp_path, settings, "key", device)
    shapes = _pictures(6, 32).reshape(2, 3, 32, 32).numpy()
    np.testing.assert_array_equal(again.embed_shapes(shapes), made.embed_shapes(shapes))
