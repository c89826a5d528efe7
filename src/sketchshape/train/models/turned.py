"""TensorFlow's padding without a pass of its own: convolutions of pictures that stand on their head."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class TurnedConv2d(nn.Conv2d):
    """A convolution with an odd kernel of a picture that stands on its head.

    TensorFlow's SAME padding at stride 2 adds a row more below and a column more on the right of an even
    picture. On a picture turned by 180 degrees, with the kernel turned too, that is PyTorch's padding by half
    a kernel on every side, for even and odd sizes alike: no separate padding pass, which took a seventh of
    the time.
    """

    def kernel(self) -> Tensor:
        """Give the turned kernel; that for three colours is summed, since all three are the one grey."""
        weight = self.weight.sum(1, keepdim=True) if self.in_channels == 3 else self.weight
        return weight.flip(2, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the turned kernel to (B, C, H, W)."""
        return functional.conv2d(x, self.kernel(), None, self.stride, self.padding, groups=self.groups)

    def plain(self) -> nn.Conv2d:
        """Give the same layer as an ordinary convolution."""
        kernel = self.kernel().detach()
        conv = nn.Conv2d(
            kernel.shape[1] * self.groups,
            self.out_channels,
            kernel.shape[2],
            self.stride[0],
            self.padding[0],
            groups=self.groups,
            bias=False,
        )
        conv.weight = nn.Parameter(kernel)
        return conv


def straighten(network: nn.Module) -> None:
    """Put ordinary convolutions in place of all turned ones of a network."""
    for module in list(network.modules()):
        for name, child in module.named_children():
            if isinstance(child, TurnedConv2d):
                setattr(module, name, child.plain())
