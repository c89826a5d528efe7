"""Labelled shapes and sketches: one reader for each layout on disk, one value for all of them."""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from sketchshape.datasets import layouts
from sketchshape.datasets.items import Dataset, ShapeItem, SketchItem
from sketchshape.datasets.labelled import read_labelled_folder
from sketchshape.datasets.protocols import Task, divide
from sketchshape.datasets.sample import sample_root
from sketchshape.datasets.shape_files import shape_files
from sketchshape.datasets.split import split_validation
from sketchshape.datasets.walk import class_key, files_under
from sketchshape.errors import ConfigError, DatasetError, UsageError

LAYOUTS: tuple[str, ...] = tuple(sorted(module.name for module in pkgutil.iter_modules(layouts.__path__)))

__all__ = [
    "LAYOUTS",
    "Dataset",
    "ShapeItem",
    "SketchItem",
    "Task",
    "class_key",
    "divide",
    "files_under",
    "load_dataset",
    "read_labelled_folder",
    "sample_root",
    "shape_files",
    "split_validation",
]


def load_dataset(
    layout: str, root: str | Path, *, strict: bool = True, sources: Sequence[str] = ()
) -> Dataset:
    """Find the shapes and sketches of a data set; no mesh and no picture is opened.

    Args:
        layout: a file in `sketchshape.datasets.layouts`, such as "folder" or "shrec13".
        root: folder of the data set; "sample" is the bundled sample.
        strict: the lists of a benchmark must have its known sizes.
        sources: collections whose sketches are taken, where a layout has several; empty is all.

    Returns:
        The items found; `problems` names what was listed or laid out otherwise than expected.

    Raises:
        UsageError: there is no such layout.
        ConfigError: `sources` names what this layout has not.
        DatasetError: `root` is no folder, or does not hold this layout.
    """
    if layout not in LAYOUTS:
        raise UsageError(f"data.layout is {layout!r}, expected one of: {', '.join(LAYOUTS)}")
    folder = sample_root() if str(root) == "sample" else Path(root).expanduser()
    if not str(root) or not folder.is_dir():
        raise DatasetError(
            f"{str(root) or 'data.path'} is not a folder; give the root of the {layout} data set"
        )
    reader = import_module(f"{layouts.__name__}.{layout}")
    if sources and not hasattr(reader, "only_sources"):
        raise ConfigError(
            f"data.sources is {', '.join(sources)}, but the layout {layout} has sketches of one source; "
            "leave it empty, or set data.layout=psb76"
        )
    dataset: Dataset = reader.load(folder, strict=strict)
    return reader.only_sources(dataset, folder, sources) if sources else dataset
