"""Backbones: the published names and counts, blocks against literal transcriptions, freezing."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch.nn import functional  # noqa: E402

from sketchshape.errors import ConfigError  # noqa: E402
from sketchshape.train.models.backbones import (  # noqa: E402
    available,
    backbone_class,
    build_backbone,
)
from sketchshape.train.models.backbones._resnet import BasicBlock, Bottleneck  # noqa: E402
from sketchshape.train.models.frozen import frozen  # noqa: E402
from sketchshape.train.models.turned import TurnedConv2d  # noqa: E402
from sketchshape.train.models.weights import WEIGHTS  # noqa: E402

torch.set_num_threads(1)

# Entries of the state_dict, parameters, features, and some keys with their shapes, of the published networks.
PUBLISHED = {
    "alexnet": (16, 61_100_840, 4096, {"features.10.weight": (256, 256, 3, 3), "classifier.6.bias": (1000,)}),
    "vgg16": (32, 138_357_544, 4096, {"features.28.weight": (512, 512, 3, 3), "classifier.3.bias": (4096,)}),
    "vgg19": (38, 143_667_240, 4096, {"features.34.bias": (512,), "classifier.0.weight": (4096, 25088)}),
    "resnet18": (122, 11_689_512, 512, {"layer2.0.downsample.0.weight": (128, 64, 1, 1), "fc.bias": (1000,)}),
    "resnet50": (
        320,
        25_557_032,
        2048,
        {"layer4.2.conv3.weight": (2048, 512, 1, 1), "bn1.running_var": (64,)},
    ),
}
PARAMETRIC = {  # which layers of the sequences have weights
    "alexnet": ({0, 3, 6, 8, 10}, {1, 4, 6}),
    "vgg16": ({0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28}, {0, 3, 6}),
    "vgg19": ({0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34}, {0, 3, 6}),
}

SMALL = (
    "alexnet",
    "efficientnet_lite2",
    "mobilenet_v1",
    "mobilenet_v1_wide",
    "resnet18",
    "tiny",
)


def _pictures(count=3, size=64, seed=0):
    values = np.random.default_rng(seed).integers(0, 256, (count, size, size), dtype=np.uint8)
    return torch.from_numpy(values)


@cache
def _shape_of(name):
    with torch.device("meta"):
        return backbone_class(name)()


def test_the_names_are_the_files():
    folder = Path(__file__).parents[3] / "src/sketchshape/train/models/backbones"
    assert set(available()) == {path.stem for path in folder.glob("[a-z]*.py")}
    assert set(available()) >= {*PUBLISHED, "mobilenet_v1", "tiny"}
    for name in available():
        assert _shape_of(name).name == name


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_are_those_of_the_published_files(name):
    entries, parameters, dim, shapes = PUBLISHED[name]
    network = _shape_of(name)
    state = network.state_dict()
    assert len(state) == entries
    assert sum(one.numel() for one in network.parameters()) == parameters
    assert network.dim == dim
    assert {key: tuple(state[key].shape) for key in shapes} == shapes
    assert network.published.rpartition("/")[2].startswith(name.replace("alexnet", "alexnet-owt") + "-")


@pytest.mark.parametrize("name", PARAMETRIC)
def test_layers_stand_at_the_published_places(name):
    found = {"features": set(), "classifier": set()}
    for key in _shape_of(name).state_dict():
        part, number, _ = key.split(".")
        found[part].add(int(number))
    assert (found["features"], found["classifier"]) == PARAMETRIC[name]


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_residual_networks_have_the_published_keys(name):
    convs, depths = {"resnet18": (2, (2, 2, 2, 2)), "resnet50": (3, (3, 4, 6, 3))}[name]
    norm = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    keys = {"conv1.weight", *(f"bn1.{one}" for one in norm), "fc.weight", "fc.bias"}
    for stage, depth in enumerate(depths, start=1):
        for block in range(depth):
            place = f"layer{stage}.{block}"
            for number in range(1, convs + 1):
                keys |= {f"{place}.conv{number}.weight", *(f"{place}.bn{number}.{one}" for one in norm)}
            if block == 0 and (stage > 1 or convs == 3):
                keys |= {f"{place}.downsample.0.weight", *(f"{place}.downsample.1.{one}" for one in norm)}
    assert set(_shape_of(name).state_dict()) == keys


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("size", [64, 101])
def test_features_are_finite_float32_of_the_promised_width(name, size):
    backbone = build_backbone(name, "none", size)
    with torch.inference_mode():
        found = backbone(_pictures(2, size))
    assert found.shape == (2, backbone.dim)
    assert found.dtype == torch.float32
    assert found.isfinite().all()
    assert not torch.equal(found[0], found[1])


@pytest.mark.parametrize("name", SMALL)
def test_random_weights_have_the_deviation_that_keeps_gradients_as_large_as_they_are(name):
    for layer in build_backbone(name, "none", 64).modules():
        if isinstance(layer, torch.nn.Conv2d) and layer.weight.numel() > 2000:
            fan_out = layer.weight.shape[0] * layer.weight[0, 0].numel()
            assert float(layer.weight.detach().square().mean()) == pytest.approx(2 / fan_out, rel=0.15)


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_a_random_residual_network_begins_as_its_shortcuts(name):
    backbone = build_backbone(name, "none", 64)
    for stage in (backbone.layer1, backbone.layer4):
        first, second = stage[:2]
        x = torch.randn(2, first.conv1.in_channels, 8, 8)
        with torch.inference_mode():
            passed = x if first.downsample is None else first.downsample(x)
            assert torch.equal(first(x), passed.relu())
            assert torch.equal(second(passed.relu()), passed.relu())


def test_fc7_features_are_behind_their_relu():
    with torch.inference_mode():
        found = build_backbone("alexnet", "none", 64)(_pictures())
    assert float(found.min()) == 0
    assert float(found.max()) > 0


@pytest.mark.parametrize("name", ["vgg16", "vgg19"])
def test_vgg_computes_on_shapes(name):
    pictures = torch.zeros(2, 70, 90, dtype=torch.uint8, device="meta")
    assert _shape_of(name)(pictures).shape == (2, 4096)


def test_pictures_are_normalised_as_the_published_weights_expect():
    backbone = build_backbone("tiny", "none", 16)
    pictures = _pictures(1, 16)
    found = backbone.normalise(pictures)
    for channel, (mean, std) in enumerate(zip((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), strict=True)):
        assert torch.allclose(found[0, channel], (pictures[0] / 255 - mean) / std, atol=1e-5)


def test_wrong_inputs_are_refused():
    backbone = build_backbone("tiny", "none", 16)
    for wrong in (torch.zeros(2, 16, 16), torch.zeros(2, 3, 16, 16, dtype=torch.uint8)):
        with pytest.raises(ValueError, match=r"expected uint8 of shape \(B, H, W\)"):
            backbone(wrong)


def test_a_wrong_name_lists_what_exists():
    listed = "alexnet, efficientnet_lite2, mobilenet_v1, mobilenet_v1_wide, resnet18, resnet50, tiny, vgg16"
    with pytest.raises(ConfigError, match=rf"did you mean 'resnet50'.*{listed}"):
        build_backbone("resnet5O", "none", 64)
    for hidden in ("_vgg", "__init__"):
        with pytest.raises(ConfigError, match="Expected one of"):
            backbone_class(hidden)


def test_a_size_that_is_too_small_is_refused():
    with pytest.raises(ConfigError, match=r"backbone.size is 40, but alexnet needs at least 63"):
        build_backbone("alexnet", "none", 40)


def test_random_weights_follow_the_seed_and_leave_the_generator_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, again, other = (build_backbone("tiny", "none", 16, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(torch.rand(3), expected)
    pictures = _pictures()
    assert torch.equal(first(pictures), again(pictures))
    assert not torch.equal(first(pictures), other(pictures))


def _literal_conv(x, weight, stride, before, after, groups):
    """Write out a convolution: x (C, H, W), weight (O, C / groups, 3, 3), float64."""
    padded = np.pad(x, ((0, 0), (before, after), (before, after)))
    size = weight.shape[2]
    height = (padded.shape[1] - size) // stride + 1
    width = (padded.shape[2] - size) // stride + 1
    out = np.zeros((len(weight), height, width))
    for o in range(len(weight)):
        inner = weight.shape[1]
        first = o // (len(weight) // groups) * inner
        for i in range(height):
            for j in range(width):
                window = padded[
                    first : first + inner, i * stride : i * stride + size, j * stride : j * stride + size
                ]
                out[o, i, j] = (window * weight[o]).sum()
    return out


def _literal_mobilenet(picture, weights):
    """Write out MobileNet v1 with TensorFlow's SAME padding, for one grey picture (H, W)."""
    x = np.repeat(picture[None] / 127.5 - 1, 3, 0)
    names = ["conv1", *(f"conv_{kind}_{n}" for n in range(1, 13) for kind in ("dw", "pw"))]
    for name in names:
        weight = weights[f"{name}.weight"].astype(np.float64)
        deep = "_dw_" in name
        stride = 2 if name == "conv1" or (deep and name.split("_")[2] in ("2", "4", "6", "12")) else 1
        if "_pw_" in name:
            x = np.einsum("oi,ihw->ohw", weight[:, :, 0, 0], x)
        else:
            total = max((-(-x.shape[1] // stride) - 1) * stride + 3 - x.shape[1], 0)
            before = total // 2
            x = _literal_conv(x, weight, stride, before, total - before, len(weight) if deep else 1)
        scale, shift, mean, var = (
            weights[f"{name}_bn.{part}"].astype(np.float64)[:, None, None]
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        x = np.clip((x - mean) / np.sqrt(var + 1e-3) * scale + shift, 0, 6)
    return x.mean((1, 2))


@pytest.mark.parametrize("size", [32, 37])
def test_mobilenet_is_its_literal_transcription_for_even_and_odd_sizes(size):
    picture = _pictures(1, size)
    with np.load(WEIGHTS / "mobilenet_v1_imagenet.npz") as weights:
        expected = _literal_mobilenet(picture[0].numpy().astype(np.float64), weights)
    backbone = build_backbone("mobilenet_v1", "bundled", 32)
    with torch.inference_mode():
        found = backbone(picture)[0].numpy()
    assert np.abs(found - expected).max() < 2e-5
    assert expected.max() > 1


def test_efficientnet_has_the_published_size():
    network = _shape_of("efficientnet_lite2")
    classifier = 1000 * 1281  # which the published file has, and we have not
    assert len(network.blocks) == 21
    assert sum(one.numel() for one in network.parameters()) + classifier == 6_092_072
    assert network.dim == 2680


def _literal_efficientnet(picture, weights):
    """Write out EfficientNet-Lite2 with TensorFlow's SAME padding, from entries named as published."""

    def norm(x, name):
        scale, shift, mean, var = (
            weights[f"{name}.{part}"].double()[:, None, None]
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        return (x - mean) / (var + 1e-3).sqrt() * scale + shift

    def same(x, weight, stride, groups=1):
        size, side = weight.shape[-1], x.shape[-1]
        total = max((-(-side // stride) - 1) * stride + size - side, 0)
        before, after = total // 2, total - total // 2
        return functional.conv2d(
            functional.pad(x, (before, after, before, after))[None],
            weight.double(),
            stride=stride,
            groups=groups,
        )[0]

    x = ((picture.double() - 127) / 128).expand(3, -1, -1)
    x = norm(same(x, weights["_conv_stem.weight"], 2), "_bn0").clamp(0, 6)
    halving, earlier = (1, 4, 7, 15), None
    for number in range(21):
        name, y = f"_blocks.{number}", x
        if number:
            y = norm(same(y, weights[f"{name}._expand_conv.weight"], 1), f"{name}._bn0").clamp(0, 6)
        stride = 2 if number in halving else 1
        y = same(y, weights[f"{name}._depthwise_conv.weight"], stride, len(y))
        y = norm(y, f"{name}._bn1").clamp(0, 6)
        y = norm(same(y, weights[f"{name}._project_conv.weight"], 1), f"{name}._bn2")
        x = x + y if x.shape == y.shape else y
        if number == 14:
            earlier = x.mean((1, 2))
    x = norm(same(x, weights["_conv_head.weight"], 1), "_bn1").clamp(0, 6)
    return torch.cat([x.mean((1, 2)), x.amax((1, 2)), earlier])


def _as_published(network):
    """Name the entries of one of our networks as the published files do."""
    names = {"stem": "_conv_stem", "stem_bn": "_bn0", "top": "_conv_head", "top_bn": "_bn1"}
    names |= {"expand": "_expand_conv", "expand_bn": "_bn0", "deep": "_depthwise_conv", "deep_bn": "_bn1"}
    names |= {"project": "_project_conv", "project_bn": "_bn2"}
    out = {}
    for key, value in network.state_dict().items():
        *block, layer, part = key.split(".")
        out[".".join(["_blocks", block[1], names[layer], part] if block else [names[layer], part])] = value
    return out | {"_fc.weight": torch.zeros(1000, 1280), "_fc.bias": torch.zeros(1000)}


@pytest.mark.parametrize("size", [64, 75])
def test_an_efficientnet_is_its_literal_transcription(size, tmp_path):
    made = build_backbone("efficientnet_lite2", "none", 64)
    for module in made.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.1, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            module.bias.data.uniform_(-0.2, 0.2)
    weights = _as_published(made)
    torch.save(weights, tmp_path / "published.pth")
    backbone = build_backbone("efficientnet_lite2", str(tmp_path / "published.pth"), 64)
    picture = _pictures(1, size)
    with torch.inference_mode():
        found, expected = backbone(picture)[0], _literal_efficientnet(picture[0], weights)
    assert float((found - expected).abs().max()) < 1e-4 * float(expected.abs().max())


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("size", [8, 9])
@pytest.mark.parametrize("stride", [1, 2])
def test_the_turned_convolution_is_same_padding(size, stride, kernel):
    conv = TurnedConv2d(4, 4, kernel, stride, padding=kernel // 2, groups=4, bias=False)
    x = torch.rand(1, 4, size, size)
    total = (-(-size // stride) - 1) * stride + kernel - size
    expected = _literal_conv(
        x[0].numpy(), conv.weight.detach().numpy(), stride, total // 2, total - total // 2, 4
    )
    found = conv(x.flip(2, 3)).flip(2, 3)[0].detach().numpy()
    assert np.abs(found - expected).max() < 1e-5
    assert torch.equal(conv.plain()(x), conv(x))


@pytest.mark.parametrize("kind", [BasicBlock, Bottleneck])
@pytest.mark.parametrize("stride", [1, 2])
def test_residual_blocks_are_their_formula(kind, stride):
    torch.manual_seed(0)
    block = kind(6, 4, stride).eval()
    for module in block.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for one in (module.weight, module.bias, module.running_mean, module.running_var):
                one.data.uniform_(0.5, 1.5)
    state, x = block.state_dict(), torch.rand(2, 6, 9, 9)

    def conv(y, name, stride, pad):
        return functional.conv2d(y, state[f"{name}.weight"], stride=stride, padding=pad)

    def norm(y, name):
        scale, shift, mean, var = (
            state[f"{name}.{part}"][:, None, None]
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        return (y - mean) / (var + 1e-5).sqrt() * scale + shift

    if kind is BasicBlock:
        y = norm(conv(x, "conv1", stride, 1), "bn1").clamp(min=0)
        y = norm(conv(y, "conv2", 1, 1), "bn2")
    else:  # the stride is in the 3 x 3 convolution
        y = norm(conv(x, "conv1", 1, 0), "bn1").clamp(min=0)
        y = norm(conv(y, "conv2", stride, 1), "bn2").clamp(min=0)
        y = norm(conv(y, "conv3", 1, 0), "bn3")
    expected = (y + norm(conv(x, "downsample.0", stride, 0), "downsample.1")).clamp(min=0)
    with torch.no_grad():
        assert torch.allclose(block(x), expected, atol=1e-5)


@pytest.mark.parametrize("name", [*SMALL[1:], "resnet50"])
def test_freezing_changes_nothing_but_the_last_digits(name):
    weights = "bundled" if backbone_class(name).bundled else "none"
    backbone = build_backbone(name, weights, 64)
    for module in backbone.modules():
        if isinstance(module, torch.nn.BatchNorm2d) and weights == "none":
            module.running_mean.uniform_(-0.1, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            module.weight.data.uniform_(0.5, 1.5)  # some begin as 0
    before = {key: value.clone() for key, value in backbone.state_dict().items()}
    fast = frozen(backbone)
    pictures = _pictures(5, 64)
    with torch.inference_mode():
        expected = backbone(pictures)
    found = fast(pictures)
    assert float((found - expected).abs().max()) < 2e-5 * float(expected.abs().max())
    assert not found.requires_grad
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in fast.modules())
    assert all(torch.equal(value, before[key]) for key, value in backbone.state_dict().items())


def test_frozen_features_are_deterministic_whatever_the_threads_and_the_batch():
    backbone = build_backbone("mobilenet_v1", "bundled", 160)
    pictures = _pictures(7, 160)
    one = frozen(backbone)
    torch.set_num_threads(2)
    two = frozen(backbone)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(1)
    expected = one(pictures)
    assert torch.equal(one(pictures), expected)
    assert torch.equal(two(pictures), expected)
    assert torch.equal(one(pictures[:5]), expected[:5])


def test_the_wide_mobilenet_joins_mean_and_maximum_of_the_last_layer_and_the_mean_of_an_earlier_one():
    pictures = torch.randint(
        0, 256, (2, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )
    plain = build_backbone("mobilenet_v1", "bundled", 64)
    seen = {}
    for name in ("conv_pw_11_bn", "conv_pw_12_bn"):
        plain.get_submodule(name).register_forward_hook(
            lambda _, __, out, name=name: seen.update({name: out.detach().clamp(0, 6)})
        )
    with torch.no_grad():
        plain(pictures)
        wide = build_backbone("mobilenet_v1_wide", "bundled", 64)(pictures)
    earlier, late = seen["conv_pw_11_bn"], seen["conv_pw_12_bn"]
    expected = torch.cat([late.mean((2, 3)), late.amax((2, 3)), earlier.mean((2, 3))], 1)
    torch.testing.assert_close(wide, expected)
