"""SHREC'14: extended large scale sketch-based 3D shape retrieval. [SHREC14]."""

from __future__ import annotations

from pathlib import Path

from sketchshape.datasets.items import Dataset
from sketchshape.datasets.official import Benchmark, load_benchmark

BENCHMARK = Benchmark(
    name="shrec14",
    prefix="SHREC14_SBR_",
    shape="M{}",
    sizes={"Model": (171, 8987), "Sketch_Train": (171, 8550), "Sketch_Test": (171, 5130)},
    source="ask the track's organisers for the archives and the lists: "
    "http://orca.st.usm.edu/~bli/sharp/sharp/contest/2014/SBR/data.html",
)


def load(root: Path, *, strict: bool = True) -> Dataset:
    """Read the official archives, unpacked anywhere under `root`; see `load_benchmark`."""
    return load_benchmark(BENCHMARK, root, strict=strict)
