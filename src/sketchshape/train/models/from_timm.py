"""Backbones of the package timm: `backbone.name = "timm/convnext_tiny"` and all others that it knows."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from torch import Tensor

from sketchshape.errors import ConfigError, MissingExtraError, SketchshapeError
from sketchshape.train.models.backbone import Backbone

PREFIX = "timm/"


class FromTimm(Backbone):
    """A network of timm without its classifier: what it pools is the features.

    Args:
        name: as in the configuration, such as timm/resnet50.a1_in1k.
        published: take the weights that timm downloads; random ones otherwise.

    Raises:
        MissingExtraError: timm is not installed.
        ConfigError: timm has no such network; the message names those that are near.
        SketchshapeError: the weights cannot be downloaded.
    """

    published = "https://huggingface.co/timm"
    in_order = False

    def __init__(self, name: str, *, published: bool) -> None:
        network = _create(name, published)
        found = _timm().data.resolve_model_data_config(network)
        super().__init__(tuple(found["mean"]), tuple(found["std"]))
        self.network, self._name, self._expects = network, name, found
        self.dim = _width(network)

    @property
    def name(self) -> str:
        """The value of `backbone.name` that makes this network."""
        return self._name

    @property
    def identity(self) -> tuple[str, ...]:
        """What decides the features beside the parameters: also what a picture is normalised by."""
        return *super().identity, str(self._expects["mean"]), str(self._expects["std"])

    def check_size(self, size: int) -> None:
        """Refuse pictures that are too small, or another size where the network takes only its own.

        Raises:
            ConfigError: it is another one.
        """
        super().check_size(size)
        own = int(self._expects["input_size"][-1])
        if self.network.pretrained_cfg.get("fixed_input_size") and size != own:
            raise ConfigError(f"backbone.size is {size}, but {self.name} needs {own}")

    def describe(self, pictures: Tensor) -> Tensor:
        """Give the features (B, dim) of normalised pictures (B, 3, H, W)."""
        features: Tensor = self.network(pictures)
        return features

    def initialise(self) -> None:
        """Leave the random weights as timm has drawn them: each architecture has its own way."""

    def adapt(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Name the entries of one of timm's files as ours, without its classifier; our own files stay."""
        if all(key.startswith("network.") for key in tensors):
            return dict(tensors)
        classifier: Any = self.network.pretrained_cfg.get("classifier") or ()
        names = (classifier,) if isinstance(classifier, str) else classifier
        left_out = tuple(f"{name}." for name in names)
        return {f"network.{key}": value for key, value in tensors.items() if not key.startswith(left_out)}


def is_meant(name: str) -> bool:
    """Tell whether a name in the configuration is one of timm's."""
    return name.startswith(PREFIX)


def _width(network: Any) -> int:
    # A layer between pooling and classifier gives the features another width than the map has.
    return int(getattr(network, "head_hidden_size", None) or network.num_features)


def _create(name: str, published: bool) -> Any:
    timm, own = _timm(), name.removeprefix(PREFIX)
    known = timm.list_models()
    if own.partition(".")[0] not in known:  # behind a dot stands which weights
        near = [PREFIX + one for one in get_close_matches(own, known, n=3)]
        meant = f"did you mean {' or '.join(near)}?" if near else "timm.list_models() names those there are"
        raise ConfigError(f"backbone.name is {name!r}, which timm does not have; {meant}")
    try:
        return timm.create_model(own, pretrained=published, num_classes=0)
    except Exception as error:  # of the network, of the hub, or of a name of weights
        reason = " ".join(str(error).split())[:200]
        raise SketchshapeError(
            f"timm cannot make {own} ({reason}); fetch weights elsewhere, then --set backbone.weights=FILE"
        ) from None


def _timm() -> Any:
    try:
        import_module("timm.data")
        return import_module("timm")
    except ModuleNotFoundError:
        raise MissingExtraError("timm", "timm") from None
