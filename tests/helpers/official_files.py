"""Made-up archives of the benchmarks: lists, and empty files in the folders where the real ones have them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from sketchshape.datasets.layouts import psb76, shrec13, shrec14

BENCHMARKS = {"shrec13": shrec13.BENCHMARK, "shrec14": shrec14.BENCHMARK, "psb76": psb76.BENCHMARK}
IDS = {"shrec13": ("3", "15"), "shrec14": ("000003", "000015"), "psb76": ("3", "15")}
# Where the unpacked archives of each benchmark put their files.
LISTS = {"shrec13": "SHREC2013_Sketch_Evaluation", "shrec14": "SHREC14_Sketch_Evaluation_CVIU", "psb76": "."}
SHAPES = {
    "shrec13": "SHREC13_SBR_TARGET_MODELS/models",
    "shrec14": "SHREC14LSSTB_TARGET_MODELS",
    "psb76": "models",
}
SKETCHES = {
    "shrec13": {"train": "SHREC13_SBR_TRAINING_SKETCHES/SHREC13_SBR_TRAINING_SKETCHES",
                "test": "SHREC13_SBR_TESTING_SKETCHES"},
    "shrec14": dict.fromkeys(("train", "test"), "SHREC14LSSTB_SKETCHES/SHREC14LSSTB_SKETCHES"),
    "psb76": dict.fromkeys(("train", "test"), "sketches"),
}  # fmt: skip
TRAIN = {"axe": ("31", "32"), "wine-bottle": ("41", "42", "43")}
TEST = {"axe": ("35",), "wine-bottle": ("1", "47")}


def cla(path: Path, classes: Mapping[str, tuple[str, ...]]) -> None:
    """Write a list."""
    path.parent.mkdir(parents=True, exist_ok=True)
    body = "".join(
        f"\n{name} 0 {len(ids)}\n" + "".join(f"{id}\n" for id in ids) for name, ids in classes.items()
    )
    path.write_text(f"PSB 1\n{len(classes)} {sum(map(len, classes.values()))}\n{body}")


def touch(path: Path) -> Path:
    """Write an empty file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    return path


def make(root: Path, layout: str) -> dict[str, tuple[str, ...]]:
    """Write an archive; give its shapes by class."""
    first, second = IDS[layout]
    shapes = {"wine-bottle": (second,), "axe": (first,)}  # not in alphabetical order
    prefix, lists = BENCHMARKS[layout].prefix, root / LISTS[layout]
    cla(lists / f"{prefix}Model.cla", shapes)
    cla(lists / f"{prefix}Sketch_Train.cla", TRAIN)
    cla(lists / f"{prefix}Sketch_Test.cla", TEST)
    for ids in shapes.values():
        for id in ids:
            touch(root / SHAPES[layout] / f"{BENCHMARKS[layout].shape.format(id)}.off")
    for part, classes in (("train", TRAIN), ("test", TEST)):
        for name, ids in classes.items():
            for id in ids:
                touch(root / SKETCHES[layout][part] / name / part / f"{id}.png")
    return shapes


def shared() -> Path:
    """Give the folder of the official lists and of psb76, or skip the test."""
    chosen = os.environ.get("SKETCHSHAPE_SHARED")
    folder = Path(chosen) if chosen else Path(__file__).parents[3] / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("the official lists are not on this machine (SKETCHSHAPE_SHARED)")
    return folder / "data"
