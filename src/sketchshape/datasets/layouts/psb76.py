"""psb76: the gallery of SHREC'13 with human sketches for 76 of its 90 classes."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sketchshape.datasets.items import Dataset
from sketchshape.datasets.official import Benchmark, load_benchmark
from sketchshape.datasets.recognise import SIZES
from sketchshape.errors import ConfigError, DatasetError

SOURCES = "sources.csv"  # its column source has <collection>:<name there> of each sketch
BENCHMARK = Benchmark(
    name="psb76",
    prefix="",
    shape="m{}",
    sizes=SIZES["psb76"],
    source="expected are Model.cla, Sketch_Train.cla, Sketch_Test.cla, models/m<id>.off and "
    "sketches/<class>/<train|test>/<id>.png",
)


def load(root: Path, *, strict: bool = True) -> Dataset:
    """Read the folder, unpacked; see `load_benchmark`.

    Raises:
        DatasetError: also where the shapes are still packed.
    """
    archive = root / "models.tar.xz"
    if archive.is_file() and not (root / "models").is_dir():
        raise DatasetError(f"{root} has no folder models yet; unpack it: tar -xJf '{archive}' -C '{root}'")
    return load_benchmark(BENCHMARK, root, strict=strict)


def only_sources(dataset: Dataset, root: Path, names: Sequence[str]) -> Dataset:
    """Keep the sketches of some collections, in training and test; all shapes stay.

    Of 390 test sketches from Sketchy, 382 show a photograph that a training sketch shows too. Without
    Sketchy, 1,412 training and 717 test sketches remain, of the same 76 classes.

    Args:
        dataset: of the folder.
        root: the folder, with sources.csv.
        names: of the collections, such as quickdraw and tuberlin.

    Returns:
        The data set without the other sketches.

    Raises:
        ConfigError: a name is of no collection here.
        DatasetError: sources.csv is missing or bad, or lacks a sketch; or no sketch remains of a part.
    """
    collections = _collections(root / SOURCES)
    known = sorted(set(collections.values()))
    for name in names:
        if name not in known:
            raise ConfigError(f"data.sources names {name!r}, expected some of: {', '.join(known)}")
    parts = {"training": dataset.train, "test": dataset.test}
    for item in (*dataset.train, *dataset.test):
        if item.id not in collections:
            raise DatasetError(
                f"{root / SOURCES} does not name sketch {item.id}, expected a row for each; without "
                "data.sources it is not needed"
            )
    kept = {
        part: tuple(item for item in items if collections[item.id] in names) for part, items in parts.items()
    }
    for part, items in kept.items():
        if not items:
            raise DatasetError(
                f"{root} has no {part} sketches of {', '.join(names)}; name more in data.sources: "
                f"{', '.join(known)}"
            )
    return replace(dataset, train=kept["training"], test=kept["test"])


def _collections(path: Path) -> dict[str, str]:
    """Read which collection each sketch is from."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = {row["sketch"]: row["source"] for row in csv.DictReader(file)}
        return {sketch: source[: source.index(":")] for sketch, source in rows.items()}
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror}; data.sources needs it") from None
    except (KeyError, ValueError, AttributeError, csv.Error):
        raise DatasetError(
            f"{path}: expected the columns sketch and source, the latter as quickdraw:<name>"
        ) from None
