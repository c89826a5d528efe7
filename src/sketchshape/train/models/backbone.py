"""What all backbones have in common: grey pictures in, one feature vector per picture out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from sketchshape.errors import ConfigError
from sketchshape.train.models.turned import straighten

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class Backbone(nn.Module, ABC):
    """A convolutional network that was cut where its features are taken.

    A subclass fills in `describe` and the class attributes; its file is its name in the configuration.
    Normalisation is part of the network, so no caller can get it wrong.

    Args:
        mean: of each colour, 0..1, that the weights expect to be taken away.
        std: of each colour, that they expect to be divided by.
    """

    dim: int  # features of one picture
    least: ClassVar[int] = 32  # smallest side of a picture in pixels
    published: ClassVar[str] = ""  # address of ImageNet weights; the name ends in 8 digits of their SHA-256
    package: ClassVar[str] = ""  # or package/file of an installed Python package that has ImageNet weights
    bundled: ClassVar[str] = ""  # weights file that ships with the package
    drawings: ClassVar[str] = ""  # another, trained on drawings, for the sketches' network
    version: ClassVar[int] = 1  # raised when the same weights give other features
    rank: ClassVar[int] = 2  # dimensions of one input item
    group: int = 1 << 19  # pixels that one thread takes at once when nothing is trained

    in_order: ClassVar[bool] = True  # each batch-norm is defined behind the convolution that it is applied to

    scale: Tensor
    shift: Tensor

    def __init__(
        self, mean: tuple[float, ...] = IMAGENET_MEAN, std: tuple[float, ...] = IMAGENET_STD
    ) -> None:
        super().__init__()
        middle, spread = torch.tensor(mean), torch.tensor(std)
        self.register_buffer("scale", (1 / (255 * spread)).view(3, 1, 1), persistent=False)
        self.register_buffer("shift", (-middle / spread).view(3, 1, 1), persistent=False)

    @property
    def name(self) -> str:
        """The value of `backbone.name` that makes this network."""
        return type(self).__module__.rpartition(".")[2]

    def check_size(self, size: int) -> None:
        """Refuse pictures that are too small.

        Raises:
            ConfigError: their side in pixels is below `least`.
        """
        if size < self.least:
            raise ConfigError(f"backbone.size is {size}, but {self.name} needs at least {self.least}")

    @property
    def identity(self) -> tuple[str, ...]:
        """What decides the features beside the parameters."""
        return self.name, str(self.version)

    def forward(self, images: Tensor) -> Tensor:
        """Compute features.

        Args:
            images: (B, H, W) uint8, 0 = ink, 255 = paper; sides of at least `least` pixels.

        Returns:
            (B, dim) float32.

        Raises:
            ValueError: images have another type or number of dimensions.
        """
        if images.dtype != torch.uint8 or images.ndim != 3:
            raise ValueError(
                f"images are {images.dtype} of shape {tuple(images.shape)}, expected uint8 of shape (B, H, W)"
            )
        return self.describe(self.normalise(images)).float()

    def normalise(self, images: Tensor) -> Tensor:
        """Turn grey pictures to what the weights expect: (B, 3, H, W), mean and deviation taken out."""
        return images[:, None].float() * self.scale + self.shift

    @abstractmethod
    def describe(self, pictures: Tensor) -> Tensor:
        """Give the features (B, dim) of normalised pictures (B, C, H, W)."""

    def initialise(self) -> None:
        """Draw random weights that keep the size of gradients from layer to layer. [He15] eq. (14)."""
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)

    def adapt(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Bring the entries of a weights file to those of this network; here, as they are."""
        return dict(tensors)

    def simplify(self) -> None:
        """Rewrite layers in place for inference, to a cheaper form of equal result: turned convolutions."""
        straighten(self)
