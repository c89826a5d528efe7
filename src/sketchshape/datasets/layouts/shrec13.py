"""SHREC'13: large scale sketch-based 3D shape retrieval. [SHREC13]."""

from __future__ import annotations

from pathlib import Path

from sketchshape.datasets.items import Dataset
from sketchshape.datasets.official import Benchmark, load_benchmark
from sketchshape.datasets.recognise import SIZES

BENCHMARK = Benchmark(
    name="shrec13",
    prefix="SHREC13_SBR_",
    shape="m{}",
    sizes=SIZES["shrec13"],
    source="ask the track's organisers for the archives and the lists: "
    "http://orca.st.usm.edu/~bli/sharp/sharp/contest/2013/SBR/data.html",
)


def load(root: Path, *, strict: bool = True) -> Dataset:
    """Read the official archives, unpacked anywhere under `root`; see `load_benchmark`."""
    return load_benchmark(BENCHMARK, root, strict=strict)
