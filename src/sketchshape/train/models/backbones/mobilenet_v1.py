"""MobileNet v1 up to its twelfth pointwise convolution; its weights ship with the package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn
from torch.nn import functional

from sketchshape.train.models.backbone import Backbone
from sketchshape.train.models.turned import TurnedConv2d

WIDTHS = (64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024)  # of the pointwise convolutions
HALVING = (2, 4, 6, 12)  # depthwise convolutions of stride 2


class MobileNetV1(Backbone):
    """MobileNet v1 of width 1: 1024 features, the mean over positions after conv_pw_12."""

    dim = 1024
    bundled = "mobilenet_v1_imagenet.npz"
    drawings = "mobilenet_v1_drawings.npz"
    group = 1 << 17  # its wide first layers are large and its weights small

    def __init__(self) -> None:
        super().__init__()
        self.layers: list[str] = []
        self._add("conv1", TurnedConv2d(3, 32, 3, 2, padding=1, bias=False))
        inner = 32
        for number, width in enumerate(WIDTHS, start=1):
            stride = 2 if number in HALVING else 1
            deep = TurnedConv2d(inner, inner, 3, stride, padding=1, groups=inner, bias=False)
            self._add(f"conv_dw_{number}", deep)
            self._add(f"conv_pw_{number}", nn.Conv2d(inner, width, 1, bias=False))
            inner = width

    def _add(self, name: str, conv: nn.Conv2d) -> None:
        self.add_module(name, conv)
        self.add_module(f"{name}_bn", nn.BatchNorm2d(conv.out_channels, eps=1e-3))
        self.layers.append(name)

    def normalise(self, images: Tensor) -> Tensor:
        """Turn grey pictures by 180 degrees and bring them to -1..1: (B, 1, H, W)."""
        return (images.flip(1, 2).float() / 127.5 - 1)[:, None]

    def describe(self, pictures: Tensor) -> Tensor:
        """Give the features (B, 1024) of normalised pictures (B, 1, H, W)."""
        return self.through(pictures, self.layers).mean((2, 3))

    def through(self, x: Tensor, layers: Sequence[str]) -> Tensor:
        """Apply some of the layers, each with its batch-norm and ReLU6."""
        for name in layers:
            x = functional.relu6(self.get_submodule(f"{name}_bn")(self.get_submodule(name)(x)), inplace=True)
        return x

    def adapt(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Leave out the last pair of layers, whose pointwise convolution the bundled file has not."""
        return {
            key: value for key, value in tensors.items() if not key.startswith(("conv_dw_13", "conv_pw_13"))
        }
