"""Which convolutional networks there are for shapes and for sketches: the section [backbone]."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sketchshape.errors import ConfigError


class Part(NamedTuple):
    """One of the networks of a backbone.

    Args:
        name: of the network.
        weights: bundled, drawings, imagenet, none, or a file.
        size: side in pixels of the square picture that it sees.
    """

    name: str
    weights: str
    size: int


@dataclass(frozen=True)
class BackboneSettings:
    """The convolutional networks of both modalities.

    A list of names is that many networks side by side, whose features are joined. Weights and size are lists
    of as many then, or one value for all. The picture is prepared at the largest size; a network of a smaller
    one sees it made smaller.

    Args:
        name: a file in `sketchshape.train.models.backbones`, or timm/ and a name that timm knows; or a list.
        sketch_name: that of the sketches' network where it differs; empty means `name`.
        weights: bundled, drawings, imagenet, none, or a file.
        size: side in pixels of the square picture that it sees.
        sketch_weights: those of the sketches' network where they differ; empty means `weights`.
        sketch_size: its picture where that differs; 0 means `size`.
    """

    name: str | tuple[str, ...] = "mobilenet_v1"
    weights: str | tuple[str, ...] = "bundled"
    size: int | tuple[int, ...] = 160
    sketch_name: str | tuple[str, ...] = ""
    sketch_weights: str | tuple[str, ...] = ""
    sketch_size: int | tuple[int, ...] = 0

    def __post_init__(self) -> None:
        for key, value in vars(self).items():
            if value == ():
                raise ConfigError(f"backbone.{key} is an empty list, expected one value or more")
        for modality in ("shape", "sketch"):
            self._check(modality)

    def of(self, modality: str) -> BackboneSettings:
        """Give the settings of one modality, shape or sketch: `name`, `weights` and `size` are its own."""
        name, weights, size = (getattr(self, key) for key in self._keys(modality))
        return BackboneSettings(name, weights, size)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The networks that `name`, `weights` and `size` name."""
        names = (self.name,) if isinstance(self.name, str) else self.name
        weights = (self.weights,) * len(names) if isinstance(self.weights, str) else self.weights
        sizes = (self.size,) * len(names) if isinstance(self.size, int) else self.size
        return tuple(Part(*one) for one in zip(names, weights, sizes, strict=True))

    @property
    def side(self) -> int:
        """The largest of the sizes: that of the prepared picture."""
        return max(part.size for part in self.parts)

    def _keys(self, modality: str) -> tuple[str, ...]:
        keys = ("name", "weights", "size")
        if modality == "shape":
            return keys
        return tuple(f"sketch_{key}" if getattr(self, f"sketch_{key}") else key for key in keys)

    def _check(self, modality: str) -> None:
        name, *others = self._keys(modality)
        names = getattr(self, name)
        count = 1 if isinstance(names, str) else len(names)
        for other in others:
            values = getattr(self, other)
            if not isinstance(values, str | int) and len(values) != count:
                raise ConfigError(
                    f"backbone.{name} names {_counted(count, 'network')} and backbone.{other} has "
                    f"{_counted(len(values), 'value')}, expected as many of both, or one value for all"
                )


def names_shown(names: str | Sequence[str]) -> str:
    """Write one name, or those of networks side by side, as a reader knows them: `2 × resnet18 + alexnet`."""
    counts = Counter([names] if isinstance(names, str) else names)
    return " + ".join(f"{count} × {name}" if count > 1 else name for name, count in counts.items())


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count > 1 else ''}"
