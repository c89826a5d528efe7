"""VGG-19 up to fc7."""

from __future__ import annotations

from sketchshape.train.models.backbones._vgg import VGG


class VGG19(VGG):
    """VGG configuration E: 16 convolutions. [CGN] section 4.1."""

    depths = (2, 2, 4, 4, 4)
    published = "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth"
