"""Backbones, one per file: the name of the file is the value of `backbone.name`, or one of its values."""

from __future__ import annotations

from sketchshape.config.backbone import BackboneSettings as Settings
from sketchshape.config.backbone import Part
from sketchshape.errors import ConfigError
from sketchshape.train.by_name import class_in, demand_name, names_in
from sketchshape.train.models import from_timm
from sketchshape.train.models.backbone import Backbone
from sketchshape.train.models.seeded import seeded
from sketchshape.train.models.side_by_side import SideBySide
from sketchshape.train.models.weights import load_weights

__all__ = ["Backbone", "available", "backbone_class", "build_backbone"]

# Names that there were, and what to write instead.
WIDE = '"mobilenet_v1_wide"'
FORMER = {
    "mobilenet_v1_twins": f'sketch_name = [{WIDE}, {WIDE}], sketch_weights = ["bundled", "drawings"], '
    "sketch_size = [160, 112]",
    "mobilenet_v1_trio": f'sketch_name = [{WIDE}, {WIDE}, {WIDE}], sketch_weights = ["bundled", "drawings", '
    '"FILE"], sketch_size = [224, 112, 112]',
    "mobilenet_v1_lite2": f'name = [{WIDE}, "efficientnet_lite2"], weights = ["bundled", "imagenet"], '
    "size = [160, 224]",
    "efficientnet_lite0": 'name = "efficientnet_lite2" or "timm/tf_efficientnet_lite0"',
    "efficientnet_lite1": 'name = "efficientnet_lite2" or "timm/tf_efficientnet_lite1"',
}


def available() -> tuple[str, ...]:
    """Name the backbones, in alphabetical order."""
    return tuple(sorted(names_in(__path__)))


def backbone_class(name: str) -> type[Backbone]:
    """Find a backbone by its name.

    Args:
        name: a file in this folder, without its suffix.

    Returns:
        The class.

    Raises:
        ConfigError: there is no such file; the message lists those that exist.
    """
    if name in FORMER:
        raise ConfigError(f"backbone.name is {name!r}, which is no more; write {FORMER[name]}")
    demand_name("backbone.name", name, available(), ", timm/NAME")
    return class_in(f"{__name__}.{name}", Backbone)


def build_backbone(
    name: str | tuple[str, ...],
    weights: str | tuple[str, ...],
    size: int | tuple[int, ...],
    *,
    seed: int = 0,
    quiet: bool = False,
) -> Backbone:
    """Make a backbone with its weights.

    Args:
        name: a file in this folder, without its suffix, or timm/ and a name that timm knows; several stand
            side by side, see `SideBySide`.
        weights: bundled (ships with the package), imagenet (the published file, downloaded once), none
            (random), or a file: .pth, .safetensors or .npz; for several networks one for all or one for each.
        size: side in pixels of the pictures that it will see; for several networks as for the weights.
        seed: of random weights.
        quiet: show no progress of a download.

    Returns:
        The backbone on the CPU, in evaluation mode.

    Raises:
        ConfigError: the name or the weights do not exist, or the size is too small for the architecture.
        ArtefactError: the weights file does not fit the network.
        SketchshapeError: the published file cannot be downloaded.
    """
    parts = Settings(name, weights, size).parts
    made = [_build(part, seed + number, quiet) for number, part in enumerate(parts)]
    backbone = made[0] if len(made) == 1 else SideBySide(made, [part.size for part in parts])
    return backbone.eval()


def _build(part: Part, seed: int, quiet: bool) -> Backbone:
    with seeded(seed):
        published = part.weights == "imagenet" and from_timm.is_meant(part.name)  # timm loads its own
        backbone = _made(part.name, published)
        backbone.check_size(part.size)
        if part.weights == "none":
            backbone.initialise()
        elif not published:
            load_weights(backbone, part.weights, quiet=quiet)
    return backbone


def _made(name: str, published: bool) -> Backbone:
    if from_timm.is_meant(name):
        return from_timm.FromTimm(name, published=published)
    return backbone_class(name)()
