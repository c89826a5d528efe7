"""The networks that are trained: a backbone that gives features, and a head that gives embeddings."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from sketchshape.train.models.backbone import Backbone
from sketchshape.train.models.heads import Head, JoinedHeads
from sketchshape.train.models.views import POOLS, pool_views


@dataclass(frozen=True, eq=False)
class ParameterGroup:
    """Parameters that are optimised at one learning rate.

    Args:
        parameters: of a network; those without gradient are left out.
        factor: of the learning rate of the stage.
        clip: largest absolute value of an entry of a gradient; 0 is no limit.
    """

    parameters: list[nn.Parameter]
    factor: float = 1.0
    clip: float = 0.0


class Features(nn.Identity):
    """The backbone of a network that is trained on stored features: nothing is left to do.

    Args:
        dim: width of the features.
    """

    rank = 1  # dimensions of one input item

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim


class Encoder(nn.Module):
    """Sketches or shapes to embeddings. [CGN] section 3.2, CNN and FCN.

    Args:
        backbone: a backbone for pictures, `Features` for stored features.
        head: what makes an embedding of them, or two heads that join theirs.
        pool: how the features of a shape's views are joined, see `POOLS`; for sketches it is mean.

    Raises:
        ValueError: the backbone gives another number of features than the head takes.
    """

    def __init__(self, backbone: Backbone | Features, head: Head | JoinedHeads, pool: str = "mean") -> None:
        super().__init__()
        if (given := backbone.dim * POOLS[pool]) != head.dim:
            raise ValueError(f"the backbone gives {given} features, the head takes {head.dim}")
        self.backbone, self.head, self.pool = backbone, head, pool

    def has_views(self, inputs: Tensor) -> bool:
        """Tell whether inputs are shapes (B, V, ...) and not sketches (B, ...).

        Raises:
            ValueError: they have a number of dimensions that is neither.
        """
        extra = inputs.ndim - 1 - self.backbone.rank
        if extra not in (0, 1):
            item = "features (dim,)" if self.backbone.rank == 1 else "a picture (H, W)"
            raise ValueError(
                f"inputs have shape {tuple(inputs.shape)}, expected (B, ...) or (B, V, ...) of {item} each"
            )
        return extra == 1

    def forward(self, inputs: Tensor) -> Tensor:
        """Embed items, without normalisation.

        Args:
            inputs: sketches (B, ...) or shapes (B, V, ...) with V views, whose features are pooled; the
                rest is (H, W) uint8 for a backbone, (dim,) float32 for stored features.

        Returns:
            (B, width) float32.
        """
        if self.has_views(inputs):
            count, views = inputs.shape[:2]
            features: Tensor = self.backbone(inputs.flatten(0, 1))
            features = pool_views(features.reshape(count, views, -1), self.pool)
        else:
            features = self.backbone(inputs)
        embeddings: Tensor = self.head(features)
        return embeddings.float()

    def embed(self, inputs: Tensor) -> Tensor:
        """Embed items as rows of length 1: (B, width) float32; arguments as for `forward`."""
        return functional.normalize(self(inputs), dim=1)

    def groups(self, backbone_lr: float) -> list[ParameterGroup]:
        """List the parameters: the head at the full learning rate, the backbone at `backbone_lr` times it."""
        found = [_group(self.head, 1.0), _group(self.backbone, backbone_lr)]
        return [group for group in found if group.parameters]


class Normalised(nn.Module):
    """An encoder whose embeddings are unit rows, as the cosine compares them.

    Args:
        encoder: of sketches or shapes.
        width: numbers of a row; what the encoder does not give is zero. None is as many as it gives.
    """

    encoder: Encoder

    def __init__(self, encoder: Encoder, width: int | None = None) -> None:
        super().__init__()
        self.encoder = encoder
        self.zeros = 0 if width is None else width - encoder.head.width

    def forward(self, inputs: Tensor) -> Tensor:
        """Embed items: (B, width) float32, unit rows; arguments as for `Encoder.forward`."""
        rows = self.encoder.embed(inputs)
        return functional.pad(rows, (0, self.zeros)) if self.zeros else rows


def _group(module: nn.Module, factor: float) -> ParameterGroup:
    return ParameterGroup([one for one in module.parameters() if one.requires_grad], factor)
