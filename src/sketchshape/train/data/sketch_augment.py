"""Random turns and mirror images of sketches, computed where the network is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Augment:
    """Turn each picture by a random angle and mirror every other one, on average. [CGN] leaves it open.

    Args:
        rotation: largest angle in degrees, either way, 0..180.
        flip: whether to mirror.
    """

    rotation: float = 15.0
    flip: bool = True

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Change pictures.

        Args:
            images: (B, H, W) uint8, 0 = ink, 255 = paper.
            generator: of random numbers, on the CPU.

        Returns:
            (B, H, W) uint8.
        """
        count = len(images)
        angles = (2 * torch.rand(count, generator=generator) - 1) * self.rotation
        flips = torch.rand(count, generator=generator) < (0.5 if self.flip else 0.0)
        return turn(images, angles, flips)


def turn(images: Tensor, angles: Tensor, flips: Tensor) -> Tensor:
    """Turn pictures around their middle; what comes in from outside is paper.

    Args:
        images: (B, H, W) uint8, 0 = ink, 255 = paper.
        angles: (B,) degrees, counter-clockwise as seen.
        flips: (B,) bool, whether left and right are exchanged first.

    Returns:
        (B, H, W) uint8, bilinear; an angle of 0 changes nothing.
    """
    height, width = images.shape[1:]
    radians = angles.double() * (math.pi / 180)
    cosine, sine, mirror = radians.cos(), radians.sin(), 1 - 2 * flips.double()
    zero = torch.zeros_like(cosine)
    # From a place in the result to its place in the source, in units of half the width and half the height.
    across = torch.stack([mirror * cosine, -mirror * sine * height / width, zero], 1)
    down = torch.stack([sine * width / height, cosine, zero], 1)
    matrices = torch.stack([across, down], 1).float().to(images.device)
    ink = 255 - images[:, None].float()
    grid = functional.affine_grid(matrices, list(ink.shape), align_corners=False)
    with torch.autocast(images.device.type, enabled=False):
        moved = functional.grid_sample(ink, grid, padding_mode="zeros", align_corners=False)
    return (255 - moved[:, 0]).round().clamp(0, 255).to(torch.uint8)
