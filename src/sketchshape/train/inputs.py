"""A data set to arrays: what the teacher, the student and the measures are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from sketchshape.datasets import Dataset, ShapeItem, SketchItem, split_validation
from sketchshape.errors import DatasetError
from sketchshape.files import cache_dir, digest, file_digest
from sketchshape.images import PREPROCESSING_VERSION
from sketchshape.render import view_key
from sketchshape.settings import Run
from sketchshape.train import device
from sketchshape.train.backbones import build_backbone
from sketchshape.train.features import Gathered, gather_features, gather_pictures
from sketchshape.train.freezing import frozen
from sketchshape.train.pictures import Made, shape_pictures, sketch_pictures
from sketchshape.train.pretrained import weights_digest
from sketchshape.train.store import FeatureStore
from sketchshape.types import I64

SPLIT_SEED = 0  # the validation part is the same for every seed of a run, so that their figures compare


@dataclass(frozen=True, eq=False)
class Part:
    """Labelled items that could be read.

    Args:
        items: the items, in order.
        labels: (n,) int64, indices of classes.
        data: (n, k, ...) features or pictures; k views of a shape or variants of a sketch.
    """

    items: tuple[ShapeItem, ...] | tuple[SketchItem, ...]
    labels: I64
    data: np.ndarray[Any, Any]

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True, eq=False)
class Inputs:
    """All parts of a data set, ready for training.

    Args:
        classes: class names.
        shapes: that are learned from.
        gallery: shapes that are ranked; in the closed protocol, those that are learned from.
        train: sketches that are learned from.
        validation: sketches held out of training.
        test: sketches for the final figure.
        problems: one line for each file that is left out.
        digest: hash of all that decides the arrays.
    """

    classes: tuple[str, ...]
    shapes: Part
    gallery: Part
    train: Part
    validation: Part
    test: Part
    problems: tuple[str, ...]
    digest: str


class Preparer:
    """Turns shapes and sketches into features or pictures, as the settings of a run say.

    Args:
        settings: of the run.
        cache: folder of views and features; None is the usual one.
        workers: processes that render; None is all cores.
        quiet: show no progress.
    """

    def __init__(
        self, settings: Run, *, cache: Path | None = None, workers: int | None = None, quiet: bool = False
    ) -> None:
        self.settings, self.workers, self.quiet = settings, workers, quiet
        folder = cache or cache_dir()
        self.views = folder / "views"
        self.store = folder / "features.sqlite"
        self.device = device.pick(settings.train.device)
        self._trunks = {name: _Trunk(settings, name, self.device, quiet) for name in ("shape", "sketch")}

    @property
    def weights(self) -> str:
        """Hash of the weights of both trunks."""
        return digest(*[trunk.weights for trunk in self._trunks.values()])

    def network(self, modality: str) -> nn.Module | None:
        """Give what makes the features of a shape's views or of a sketch; None where trunks are trained."""
        return self._trunks[modality].network

    def shapes(self, items: Sequence[ShapeItem], title: str = "shapes") -> Gathered:
        """Give all views of shapes: (n, views, ...)."""
        views, size = self.settings.views, self._trunks["shape"].size
        up = self.settings.data.up

        def make(indices: Sequence[int]) -> Made:
            chosen = [items[index] for index in indices]
            return shape_pictures(chosen, views, up, size, cache=self.views, workers=self.workers)

        return self._gather(title, "shape", [self._shape_key(item) for item in items], make)

    def sketches(self, items: Sequence[SketchItem], count: int, title: str = "sketches") -> Gathered:
        """Give `count` variants of sketches: (n, count, ...)."""
        size, rotation = self._trunks["sketch"].size, self.settings.train.rotation

        def make(indices: Sequence[int]) -> Made:
            chosen = [items[index] for index in indices]
            return sketch_pictures(chosen, size, count=count, rotation=rotation)

        keys = [self._key("sketch", _content(item), item.id, count, rotation) for item in items]
        return self._gather(title, "sketch", keys, make)

    def _gather(self, title: str, modality: str, keys: list[str], make: Any) -> Gathered:
        network = self.network(modality)
        if network is None:
            return gather_pictures(title, len(keys), make, quiet=self.quiet)
        with FeatureStore(self.store) as store:
            return gather_features(title, keys, make, network, store, self.device, quiet=self.quiet)

    def _shape_key(self, item: ShapeItem) -> str:
        views = self.settings.views
        try:
            content = view_key(
                item.path, count=views.count, size=views.size, up=self.settings.data.up, style="shaded"
            )
        except OSError:
            content = f"unreadable {item.path}"
        return self._key("shape", content)

    def _key(self, modality: str, *parts: object) -> str:
        trunk = self._trunks[modality]
        return digest([modality, *parts], trunk.weights, trunk.size, PREPROCESSING_VERSION)


class _Trunk:
    """The trunk of one modality, with the size of its pictures and the hash of its weights."""

    def __init__(self, settings: Run, modality: str, where: torch.device, quiet: bool) -> None:
        backbone = settings.backbone.of(modality)
        network = build_backbone(backbone.name, backbone.weights, backbone.size, quiet=quiet)
        self.size, self.weights = backbone.size, weights_digest(network)
        self.network = frozen(network.to(where)) if settings.train.trunk == "frozen" else None


def prepare_inputs(dataset: Dataset, preparer: Preparer) -> Inputs:
    """Read, render and encode every item of a data set.

    Args:
        dataset: the items.
        preparer: how.

    Returns:
        The arrays; files that cannot be read are left out and named.

    Raises:
        DatasetError: nothing remains of the shapes or of the training sketches.
    """
    run = preparer.settings
    learn, held = split_validation(dataset.train, run.data.validation, SPLIT_SEED)
    finetune = run.train.trunk == "finetune"
    variants = 1 if finetune else run.train.augment  # a fine-tuned trunk gets its variants while it trains
    looks = 2 if run.train.flip_test else 1
    gathered = {
        "gallery": preparer.shapes(dataset.shapes),
        "train": preparer.sketches(learn, variants, "training sketches"),
        "validation": preparer.sketches(held, looks, "validation sketches"),
        "test": preparer.sketches(dataset.test, looks, "test sketches"),
    }
    items = {"gallery": dataset.shapes, "train": learn, "validation": held, "test": dataset.test}
    parts = {name: as_part(items[name], result) for name, result in gathered.items()}
    _check(parts["gallery"], parts["train"], dataset)
    problems = [problem for result in gathered.values() for problem in result.problems]
    return Inputs(
        dataset.classes,
        parts["gallery"],
        **parts,
        problems=(*dataset.problems, *problems),
        digest=digest(*[_fingerprint(part) for part in parts.values()], preparer.weights),
    )


def as_part(items: Sequence[Any], gathered: Gathered) -> Part:
    """Join items with what was made of them, leaving out those that failed."""
    kept = tuple(items[index] for index in gathered.kept)
    return Part(kept, np.array([item.label for item in kept], np.int64), gathered.data)


def tensor(part: Part) -> torch.Tensor:
    """Give the data of a part as a torch tensor that shares its memory."""
    return torch.from_numpy(part.data)


def _check(gallery: Part, train: Part, dataset: Dataset) -> None:
    for name, part, total in (("shape", gallery, dataset.shapes), ("training sketch", train, dataset.train)):
        if len(part) == 0:
            raise DatasetError(f"no {name} of {len(total)} could be read; the lines above name each file")


def _fingerprint(part: Part) -> list[Any]:
    return [[item.id for item in part.items], part.labels.tolist(), digest(part.data.tobytes())]


def _content(item: SketchItem) -> str:
    try:
        if item.line is None:
            return file_digest(item.path)
        return digest(item.path.read_bytes().splitlines()[item.line - 1])
    except (OSError, IndexError):
        return f"unreadable {item.path}"
