"""A network small enough for tests and for trying a configuration."""

from __future__ import annotations

from torch import Tensor, nn

from sketchshape.train.models.backbone import Backbone


class Tiny(Backbone):
    """Three convolutions of stride 2 with batch-norm: 32 features, no published weights."""

    dim = 32
    least = 16

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inner, width in ((3, 8), (8, 16), (16, 32)):
            layers += [
                nn.Conv2d(inner, width, 3, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(inplace=True),
            ]
        self.layers = nn.Sequential(*layers)

    def describe(self, pictures: Tensor) -> Tensor:
        """Give the features (B, 32) of normalised pictures (B, 3, H, W)."""
        pooled: Tensor = self.layers(pictures).mean((2, 3))
        return pooled
