"""Residual networks up to pool5, with their two kinds of block."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from sketchshape.train.models.backbone import Backbone


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut.

    Args:
        inner: channels of the input.
        width: channels of the convolutions, and of the output.
        stride: of the first convolution and the shortcut.
    """

    expansion: ClassVar[int] = 1

    def __init__(self, inner: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inner, width, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(inner, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block to (B, inner, H, W)."""
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        out: Tensor = self.relu(y + (x if self.downsample is None else self.downsample(x)))
        return out


class Bottleneck(nn.Module):
    """1 x 1, 3 x 3 (with the stride) and 1 x 1 convolutions beside a shortcut.

    Args:
        inner: channels of the input.
        width: channels of the first two convolutions; the output has four times as many.
        stride: of the 3 x 3 convolution and the shortcut.
    """

    expansion: ClassVar[int] = 4

    def __init__(self, inner: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inner, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, width * 4, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width * 4)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(inner, width * 4, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block to (B, inner, H, W)."""
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        out: Tensor = self.relu(y + (x if self.downsample is None else self.downsample(x)))
        return out


class ResNet(Backbone):
    """A residual network with torchvision's parameter names; `fc` is there for the published file to fit."""

    block: ClassVar[type[BasicBlock] | type[Bottleneck]]
    depths: ClassVar[tuple[int, int, int, int]]

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        expansion = self.block.expansion
        self.layer1 = self._stage(64, 64, 1, self.depths[0])
        self.layer2 = self._stage(64 * expansion, 128, 2, self.depths[1])
        self.layer3 = self._stage(128 * expansion, 256, 2, self.depths[2])
        self.layer4 = self._stage(256 * expansion, 512, 2, self.depths[3])
        self.fc = nn.Linear(512 * expansion, 1000)

    def _stage(self, inner: int, width: int, stride: int, depth: int) -> nn.Sequential:
        first = self.block(inner, width, stride)
        rest = (self.block(width * self.block.expansion, width, 1) for _ in range(depth - 1))
        return nn.Sequential(first, *rest)

    def initialise(self) -> None:
        """Draw random weights; each block begins as its shortcut. [Goyal17] section 5.1."""
        super().initialise()
        for block in self.modules():
            if isinstance(block, (BasicBlock, Bottleneck)):
                last = block.bn3 if isinstance(block, Bottleneck) else block.bn2
                nn.init.zeros_(last.weight)

    def describe(self, pictures: Tensor) -> Tensor:
        """Give the features (B, dim) of normalised pictures (B, 3, H, W): the mean over positions, pool5."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(pictures))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        pooled: Tensor = x.mean((2, 3))
        return pooled


def _shortcut(inner: int, outer: int, stride: int) -> nn.Sequential | None:
    if stride == 1 and inner == outer:
        return None
    return nn.Sequential(nn.Conv2d(inner, outer, 1, stride, bias=False), nn.BatchNorm2d(outer))
