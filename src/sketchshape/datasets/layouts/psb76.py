"""psb76: the gallery of SHREC'13 with human sketches for 76 of its 90 classes."""

from __future__ import annotations

from pathlib import Path

from sketchshape.datasets.items import Dataset
from sketchshape.datasets.official import Benchmark, load_benchmark
from sketchshape.errors import DatasetError

BENCHMARK = Benchmark(
    name="psb76",
    prefix="",
    shape="m{}",
    sizes={"Model": (90, 1258), "Sketch_Train": (76, 2022), "Sketch_Test": (76, 1107)},
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
