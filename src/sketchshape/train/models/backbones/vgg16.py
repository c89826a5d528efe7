"""VGG-16 up to fc7."""

from __future__ import annotations

from sketchshape.train.models.backbones._vgg import VGG


class VGG16(VGG):
    """VGG configuration D: 13 convolutions. [CGN] section 4.1."""

    depths = (2, 2, 3, 3, 3)
    published = "https://download.pytorch.org/models/vgg16-397923af.pth"
