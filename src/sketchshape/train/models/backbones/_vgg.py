"""VGG up to fc7, in its two depths."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from sketchshape.train.models.backbone import Backbone


class VGG(Backbone):
    """VGG without batch-norm, with torchvision's parameter names.

    A subclass says how many 3 x 3 convolutions stand before each of the five poolings.
    """

    dim = 4096
    depths: ClassVar[tuple[int, ...]]

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        width = 3
        for depth, wider in zip(self.depths, (64, 128, 256, 512, 512), strict=True):
            for _ in range(depth):
                layers += [nn.Conv2d(width, wider, 3, padding=1), nn.ReLU(inplace=True)]
                width = wider
            layers.append(nn.MaxPool2d(2, 2))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 4096), nn.ReLU(inplace=True), nn.Dropout(0.5),
            nn.Linear(4096, 4096), nn.ReLU(inplace=True), nn.Dropout(0.5),
            nn.Linear(4096, 1000),
        )  # fmt: skip

    def describe(self, pictures: Tensor) -> Tensor:
        """Give the features (B, 4096) of normalised pictures (B, 3, H, W)."""
        pooled: Tensor = self.avgpool(self.features(pictures)).flatten(1)
        for layer in list(self.classifier)[:-2]:  # the last two are fc7's dropout and fc8
            pooled = layer(pooled)
        return pooled
