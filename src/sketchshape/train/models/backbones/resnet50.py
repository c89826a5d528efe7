"""ResNet-50 up to pool5."""

from __future__ import annotations

from sketchshape.train.models.backbones._resnet import Bottleneck, ResNet


class ResNet50(ResNet):
    """The network of the paper's best figures: 2048 features. [CGN] section 4.1."""

    dim = 2048
    block = Bottleneck
    depths = (3, 4, 6, 3)
    published = "https://download.pytorch.org/models/resnet50-0676ba61.pth"
