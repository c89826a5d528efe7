"""AlexNet up to fc7."""

from __future__ import annotations

from torch import Tensor, nn

from sketchshape.train.models.backbone import Backbone


class AlexNet(Backbone):
    """AlexNet in the one-tower form of torchvision, with its parameter names. [CGN] section 4.1.

    The last layer (fc8) is there so that the published file fits; features are taken after the ReLU of fc7.
    """

    dim = 4096
    least = 63
    published = "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth"

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 11, stride=4, padding=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
            nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
            nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(inplace=True),
            nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(inplace=True),
            nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
        )  # fmt: skip
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
        self.classifier = nn.Sequential(
            nn.Dropout(0.5), nn.Linear(256 * 6 * 6, 4096), nn.ReLU(inplace=True),
            nn.Dropout(0.5), nn.Linear(4096, 4096), nn.ReLU(inplace=True),
            nn.Linear(4096, 1000),
        )  # fmt: skip

    def describe(self, pictures: Tensor) -> Tensor:
        """Give the features (B, 4096) of normalised pictures (B, 3, H, W)."""
        pooled: Tensor = self.avgpool(self.features(pictures)).flatten(1)
        for layer in list(self.classifier)[:-1]:
            pooled = layer(pooled)
        return pooled
