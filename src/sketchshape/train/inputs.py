"""A data set to arrays: what the teacher, the student and the measures are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from sketchshape.datasets import Dataset, ShapeItem, SketchItem, Task, divide, split_validation
from sketchshape.errors import DatasetError
from sketchshape.files import cache_dir, digest, file_digest
from sketchshape.images import PREPROCESSING_VERSION
from sketchshape.render import view_key
from sketchshape.settings import Run
from sketchshape.train import device
from sketchshape.train.backbones import build_backbone
from sketchshape.train.features import Gathered, gather_features, gather_pictures
from sketchshape.train.freezing import frozen
from sketchshape.train.pictures import Made, line_pictures, shape_pictures, sketch_pictures
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
        lines: (n, lines, looks, ...) the same of line drawings of shapes; None where there are none.
    """

    items: tuple[ShapeItem, ...] | tuple[SketchItem, ...]
    labels: I64
    data: np.ndarray[Any, Any]
    lines: np.ndarray[Any, Any] | None = None

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True, eq=False)
class Inputs:
    """All parts of a data set, ready for training.

    Labels are indices into `names`: first the classes that are learned, then those that are only ranked.

    Args:
        classes: names of the classes that are learned.
        shapes: that are learned from.
        gallery: shapes that are ranked; in the closed protocol, those that are learned from.
        train: sketches that are learned from.
        validation: sketches held out of training.
        test: sketches for the final figure.
        problems: one line for each file that is left out.
        digest: hash of all that decides the arrays.
        unseen: names of the classes that are ranked without having been learned.
    """

    classes: tuple[str, ...]
    shapes: Part
    gallery: Part
    train: Part
    validation: Part
    test: Part
    problems: tuple[str, ...]
    digest: str
    unseen: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The class names by label, learned or not."""
        return self.classes + self.unseen

    @property
    def validation_gallery(self) -> Part:
        """The shapes that validation ranks: of learned classes, since no choice may see the others."""
        return self.shapes if self.unseen else self.gallery


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

        return self._gather(
            title, "shape", [self._key("shape", self._rendered(item, "shaded")) for item in items], make
        )

    def lines(self, items: Sequence[ShapeItem], title: str = "line drawings") -> Gathered:
        """Give the line drawings of shapes: (n, lines, looks, ...), as a test sketch is looked at."""
        views, size = self.settings.views, self._trunks["sketch"].size
        up, mirrored = self.settings.data.up, self.settings.train.flip_test

        def make(indices: Sequence[int]) -> Made:
            chosen = [items[index] for index in indices]
            return line_pictures(
                chosen, views, up, size, mirrored=mirrored, cache=self.views, workers=self.workers
            )

        keys = [self._key("lines", self._rendered(item, "lines"), mirrored) for item in items]
        found = self._gather(title, "sketch", keys, make)
        looks = found.data.reshape(len(found.kept), views.lines, -1, *found.data.shape[2:])
        return replace(found, data=looks)

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

    def _rendered(self, item: ShapeItem, style: str) -> str:
        views = self.settings.views
        count, size = (views.lines, views.line_size) if style == "lines" else (views.count, views.size)
        try:
            return view_key(item.path, count=count, size=size, up=self.settings.data.up, style=style)
        except OSError:
            return f"unreadable {item.path}"

    def _key(self, modality: str, *parts: object) -> str:
        trunk = self._trunks["shape" if modality == "shape" else "sketch"]
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
    task = divide(dataset, run.data)
    learn, held = _sketches(task, run)
    finetune = run.train.trunk == "finetune"
    variants = 1 if finetune else run.train.augment  # a fine-tuned trunk gets its variants while it trains
    looks = 2 if run.train.flip_test else 1
    closed = task.gallery is task.shapes
    gathered = {
        "gallery": preparer.shapes(task.gallery),
        "train": preparer.sketches(learn, variants, "training sketches"),
        "validation": preparer.sketches(held, looks, "validation sketches"),
        "test": preparer.sketches(task.test, looks, "test sketches"),
    }
    items = {"gallery": task.gallery, "train": learn, "validation": held, "test": task.test}
    if not closed:
        gathered["shapes"], items["shapes"] = preparer.shapes(task.shapes, "training shapes"), task.shapes
    parts = {name: as_part(items[name], result) for name, result in gathered.items()}
    if run.views.lines:
        for name in parts.keys() & {"gallery", "shapes"}:
            parts[name], gathered[f"{name} lines"] = with_lines(parts[name], preparer)
    fingerprints = [_fingerprint(part) for part in parts.values()]
    parts.setdefault("shapes", parts["gallery"])
    _check(parts, items)
    problems = [problem for result in gathered.values() for problem in result.problems]
    return Inputs(
        task.classes,
        **parts,
        problems=(*dataset.problems, *problems),
        digest=digest(*fingerprints, preparer.weights),
        unseen=task.unseen,
    )


def _sketches(task: Task, run: Run) -> tuple[tuple[SketchItem, ...], tuple[SketchItem, ...]]:
    """Hold sketches out of training; those of classes that validation does not rank are of no use then."""
    learn, held = split_validation(task.train, run.data.validation, SPLIT_SEED)
    ranked = {item.label for item in (task.shapes if task.unseen else task.gallery)}
    return learn, tuple(item for item in held if item.label in ranked)


def as_part(items: Sequence[Any], gathered: Gathered) -> Part:
    """Join items with what was made of them, leaving out those that failed."""
    kept = tuple(items[index] for index in gathered.kept)
    return Part(kept, np.array([item.label for item in kept], np.int64), gathered.data)


def with_lines(part: Part, preparer: Preparer) -> tuple[Part, Gathered]:
    """Draw shapes in lines too, leaving out those where that fails."""
    found = preparer.lines(part.items)  # type: ignore[arg-type]
    kept = list(found.kept)
    items = tuple(part.items[index] for index in kept)
    return Part(items, part.labels[kept], part.data[kept], found.data), found  # type: ignore[arg-type]


def tensor(part: Part) -> torch.Tensor:
    """Give the data of a part as a torch tensor that shares its memory."""
    return torch.from_numpy(part.data)


def _check(parts: Mapping[str, Part], items: Mapping[str, Sequence[Any]]) -> None:
    for part, name in (("gallery", "shape"), ("shapes", "training shape"), ("train", "training sketch")):
        if len(parts[part]) == 0:
            total = len(items[part])
            raise DatasetError(f"no {name} of {total} could be read; the lines above name each file")


def _fingerprint(part: Part) -> list[Any]:
    lines = [] if part.lines is None else [digest(part.lines.tobytes())]
    return [[item.id for item in part.items], part.labels.tolist(), digest(part.data.tobytes()), *lines]


def _content(item: SketchItem) -> str:
    try:
        if item.line is None:
            return file_digest(item.path)
        return digest(item.path.read_bytes().splitlines()[item.line - 1])
    except (OSError, IndexError):
        return f"unreadable {item.path}"
