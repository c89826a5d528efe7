"""ResNet-18 up to pool5."""

from __future__ import annotations

from sketchshape.train.models.backbones._resnet import BasicBlock, ResNet


class ResNet18(ResNet):
    """The smallest residual network: 512 features."""

    dim = 512
    block = BasicBlock
    depths = (2, 2, 2, 2)
    published = "https://download.pytorch.org/models/resnet18-f37072fd.pth"
