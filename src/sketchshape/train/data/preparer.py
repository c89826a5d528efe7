"""Shapes and sketches to features or pictures, computed once and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from sketchshape.config.run import RunSettings
from sketchshape.datasets import ShapeItem, SketchItem
from sketchshape.files import digest, file_digest, writable_cache
from sketchshape.images import PREPROCESSING_VERSION
from sketchshape.render import view_key
from sketchshape.train import device
from sketchshape.train.data.features import Gathered, Maker, Part, gather_features, gather_pictures
from sketchshape.train.data.pictures import Made, line_pictures, shape_pictures, sketch_pictures
from sketchshape.train.data.store import FeatureStore
from sketchshape.train.models.backbones import build_backbone
from sketchshape.train.models.frozen import frozen
from sketchshape.train.models.side_by_side import SideBySide
from sketchshape.train.models.weights import weights_digest


class Preparer:
    """Turns shapes and sketches into features or pictures, as the settings of a run say.

    Args:
        settings: of the run.
        cache: folder of views and features; None is the usual one.
        workers: processes that render; None is all cores.
        quiet: show no progress.
    """

    def __init__(
        self,
        settings: RunSettings,
        *,
        cache: Path | None = None,
        workers: int | None = None,
        quiet: bool = False,
    ) -> None:
        self.settings, self.workers, self.quiet = settings, workers, quiet
        folder = cache or writable_cache()
        self.views = folder / "views"
        self.store = folder / "features.sqlite"
        self.device = device.pick(settings.train.device)
        self._backbones = {name: _Own(settings, name, self.device, quiet) for name in ("shape", "sketch")}

    @property
    def weights(self) -> str:
        """Hash of the weights of both backbones."""
        return digest(*[backbone.weights for backbone in self._backbones.values()])

    def network(self, modality: str) -> nn.Module | None:
        """Give what makes the features of a view or of a sketch; None where backbones are trained."""
        parts = self._backbones[modality].parts
        return _Joined([network for _, network in parts]) if parts else None

    def shapes(
        self, items: Sequence[ShapeItem], title: str = "shapes", ups: Sequence[str] | None = None
    ) -> Gathered:
        """Give all views of shapes, (n, views, ...), and line drawings where the settings ask for them.

        Args:
            items: the shapes.
            title: for the progress bar.
            ups: for each shape the axis of its file that points up; None is that of the settings.
        """
        views, size = self.settings.views, self._backbones["shape"].size
        axes = self._axes(items, ups)

        def make(indices: Sequence[int]) -> Made:
            chosen = [items[index] for index in indices]
            own = [axes[index] for index in indices]
            return shape_pictures(chosen, views, own, size, cache=self.views, workers=self.workers)

        names = [("shape", self._rendered(*one, "shaded")) for one in zip(items, axes, strict=True)]
        seen = self._gather(title, "shape", names, make)
        return self._with_lines(seen, items, axes) if views.lines else seen

    def _axes(self, items: Sequence[ShapeItem], ups: Sequence[str] | None) -> Sequence[str]:
        return [self.settings.data.up] * len(items) if ups is None else ups

    def _with_lines(self, seen: Gathered, items: Sequence[ShapeItem], axes: Sequence[str]) -> Gathered:
        """Draw the shapes in lines that could be seen, leaving out those where that fails."""
        drawn = self.lines([items[index] for index in seen.kept], ups=[axes[index] for index in seen.kept])
        kept = [seen.kept[place] for place in drawn.kept]
        return Gathered(kept, seen.data[drawn.kept], (*seen.problems, *drawn.problems), drawn.data)

    def lines(
        self, items: Sequence[ShapeItem], title: str = "line drawings", ups: Sequence[str] | None = None
    ) -> Gathered:
        """Give the line drawings of shapes: (n, lines, variants, ...), as a test sketch is looked at."""
        views, size = self.settings.views, self._backbones["sketch"].size
        axes, mirrored = self._axes(items, ups), self.settings.train.flip_test

        def make(indices: Sequence[int]) -> Made:
            chosen = [items[index] for index in indices]
            own = [axes[index] for index in indices]
            return line_pictures(
                chosen, views, own, size, mirrored=mirrored, cache=self.views, workers=self.workers
            )

        names = [("lines", self._rendered(*one, "lines"), mirrored) for one in zip(items, axes, strict=True)]
        found = self._gather(title, "sketch", names, make)
        variants = found.data.reshape(len(found.kept), views.line_total, -1, *found.data.shape[2:])
        return replace(found, data=variants)

    def sketches(self, items: Sequence[SketchItem], count: int, title: str = "sketches") -> Gathered:
        """Give `count` variants of sketches: (n, count, ...)."""
        size, rotation = self._backbones["sketch"].size, self.settings.train.rotation

        def make(indices: Sequence[int]) -> Made:
            chosen = [items[index] for index in indices]
            return sketch_pictures(chosen, size, count=count, rotation=rotation)

        names = [("sketch", _content(item), item.id, count, rotation) for item in items]
        return self._gather(title, "sketch", names, make)

    def _gather(
        self, title: str, modality: str, names: Sequence[tuple[object, ...]], make: Maker
    ) -> Gathered:
        own = self._backbones[modality]
        if not own.parts:
            return gather_pictures(title, len(names), make, quiet=self.quiet)
        parts = [
            Part(network, [digest([*name], weights, own.size, PREPROCESSING_VERSION) for name in names])
            for weights, network in own.parts
        ]
        with FeatureStore(self.store) as store:
            return gather_features(title, parts, make, store, self.device, quiet=self.quiet)

    def _rendered(self, item: ShapeItem, up: str, style: str) -> str:
        views = self.settings.views
        count, size, elevations = (
            (views.lines, views.line_size, views.line_elevations)
            if style == "lines"
            else (views.count, views.size, views.elevations)
        )
        try:
            return view_key(item.path, count=count, size=size, up=up, style=style, elevations=elevations)
        except OSError:
            return f"unreadable {item.path}"


class _Own:
    """The backbone of one modality, with the size of its pictures and the hash of its weights.

    `parts` are its networks for features, each with the hash of its weights; none where they are trained.
    """

    def __init__(self, settings: RunSettings, modality: str, where: torch.device, quiet: bool) -> None:
        backbone = settings.backbone.of(modality)
        network = build_backbone(backbone.name, backbone.weights, backbone.size, quiet=quiet)
        self.size, self.weights = backbone.side, weights_digest(network)
        self.parts: list[tuple[str, nn.Module]] = []
        if settings.train.backbone == "frozen":
            apart = network.apart() if isinstance(network, SideBySide) else [network]
            hashes = [weights_digest(part) for part in apart] if len(apart) > 1 else [self.weights]
            self.parts = [(own, frozen(part.to(where))) for own, part in zip(hashes, apart, strict=True)]


class _Joined(nn.Module):
    """Frozen networks that see the same pictures, and their features one after the other."""

    def __init__(self, parts: Sequence[nn.Module]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)

    def forward(self, images: Tensor) -> Tensor:
        """Give the features (B, dim) of pictures (B, H, W) uint8."""
        return torch.cat([part(images) for part in self.parts], 1)


def _content(item: SketchItem) -> str:
    try:
        if item.line is None:
            return file_digest(item.path)
        return digest(item.path.read_bytes().splitlines()[item.line - 1])
    except (OSError, IndexError):
        return f"unreadable {item.path}"
