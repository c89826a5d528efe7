"""SHREC'14: extended large scale sketch-based 3D shape retrieval. [SHREC14]."""

from __future__ import annotations

from pathlib import Path

from sketchshape.datasets.items import Dataset
from sketchshape.datasets.official import Benchmark, load_benchmark
from sketchshape.datasets.recognise import SIZES

BENCHMARK = Benchmark(
    name="shrec14",
    prefix="SHREC14_SBR_",
    shape="M{}",
    sizes=SIZES["shrec14"],
    source="ask the track's organisers for the archives and the lists: "
    "http://orca.st.usm.edu/~bli/sharp/sharp/contest/2014/SBR/data.html",
)


def load(root: Path, *, strict: bool = True) -> Dataset:
    """Read the official archives, unpacked anywhere under `root`; see `load_benchmark`."""
    return load_benchmark(BENCHMARK, root, strict=strict)
