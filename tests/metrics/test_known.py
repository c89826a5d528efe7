"""Numbers that are known of the SHREC'13 and SHREC'14 benchmarks: ceilings, chance, published statistics."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from sketchshape.metrics import Scores, evaluate

# Class size -> how many classes of that size the gallery has. Every class has 30 test sketches.
SHREC13 = {4: 12, 5: 11, 6: 11, 7: 11, 8: 4, 9: 6, 10: 2, 11: 3, 12: 4, 13: 2, 14: 1, 15: 3, 16: 1, 17: 4}
SHREC13 |= {20: 1, 21: 1, 22: 1, 25: 1, 28: 1, 29: 1, 31: 1, 32: 1, 33: 2, 35: 1, 49: 1, 51: 1, 63: 1, 184: 1}
SHREC14 = {1: 11, 2: 4, 3: 5, 4: 9, 5: 9, 6: 3, 7: 6, 8: 4, 9: 3, 10: 5, 11: 3, 12: 6, 13: 4, 14: 4, 15: 2}
SHREC14 |= {17: 3, 18: 4, 19: 2, 20: 5, 21: 1, 22: 2, 23: 2, 24: 2, 25: 3, 27: 3, 29: 1, 30: 2, 31: 3, 32: 1}
SHREC14 |= {34: 3, 35: 1, 37: 1, 38: 1, 39: 1, 43: 1, 45: 1, 46: 1, 47: 1, 51: 1, 52: 1, 53: 2, 57: 1, 59: 1}
SHREC14 |= {60: 2, 61: 1, 74: 1, 78: 2, 83: 1, 90: 1, 92: 1, 93: 1, 94: 1, 96: 1, 98: 2, 102: 1, 104: 1}
SHREC14 |= {106: 2, 108: 1, 128: 1, 131: 1, 137: 1, 142: 1, 152: 1, 162: 1, 169: 2, 170: 1, 172: 1, 175: 1}
SHREC14 |= {185: 1, 188: 1, 189: 1, 202: 1, 204: 1, 208: 1, 224: 1, 245: 1, 314: 1, 333: 1, 601: 1, 632: 1}

SHARED = Path(os.environ.get("SKETCHSHAPE_SHARED", Path(__file__).parents[3] / "shared"))
LISTS = SHARED / "data" / "shrec_lists"
official = pytest.mark.skipif(not LISTS.is_dir(), reason="the official SHREC lists are not here")


def gallery_of(sizes: dict[int, int]) -> np.ndarray:
    each = [size for size, classes in sizes.items() for _ in range(classes)]
    return np.repeat(np.arange(len(each)), each)


def perfect(sizes: dict[int, int]) -> Scores:
    gallery = gallery_of(sizes)
    queries = np.arange(gallery[-1] + 1)
    return evaluate((queries[:, None] == gallery).astype(np.float32), queries, gallery)


@pytest.mark.parametrize(
    ("sizes", "classes", "shapes", "e", "padded"),
    [(SHREC13, 90, 1258, 0.463, 0.076), (SHREC14, 171, 8987, 0.498, 0.083)],
)
def test_a_perfect_ranking(sizes: dict[int, int], classes: int, shapes: int, e: float, padded: float) -> None:
    scores = perfect(sizes)
    assert (scores.queries, scores.gallery, scores.skipped) == (classes, shapes, 0)
    assert {scores.nn, scores.ft, scores.st, scores.dcg, scores.map, scores.map_pr20} == {1.0}
    np.testing.assert_array_equal(scores.pr, 1.0)
    assert scores.e == pytest.approx(e, abs=5e-4)
    assert scores.map_padded == pytest.approx(padded, abs=5e-4)


def test_the_worst_ranking_has_no_nearest_neighbor_and_almost_no_precision() -> None:
    gallery = gallery_of(SHREC13)
    queries = np.arange(90)
    scores = evaluate((queries[:, None] != gallery).astype(np.float32), queries, gallery)
    assert (scores.nn, scores.ft, scores.st, scores.e) == (0, 0, 0, 0)
    assert 0 < scores.map < 0.01


def test_a_random_ranking() -> None:
    rng = np.random.default_rng(0)
    gallery = gallery_of(SHREC13)
    queries = np.repeat(np.arange(90), 30)
    scores = evaluate(rng.random((2700, 1258), dtype=np.float32), queries, gallery)
    sizes = np.bincount(gallery)
    assert scores.nn == pytest.approx(np.mean(sizes) / 1258, abs=4 * np.sqrt(0.011 / 2700))
    assert scores.ft == pytest.approx(np.mean(sizes) / 1258, abs=0.003)
    assert scores.st == pytest.approx(2 * np.mean(sizes) / 1258, abs=0.003)
    assert scores.e == pytest.approx(0.012, abs=0.001)
    assert scores.map == pytest.approx(0.015, abs=0.002)


def class_sizes(path: Path) -> dict[str, int]:
    words = iter(path.read_text(encoding="utf-8").split())
    assert [next(words), next(words)] == ["PSB", "1"]
    classes, _ = int(next(words)), next(words)
    sizes = {}
    for _ in range(classes):
        name, _, count = next(words), next(words), int(next(words))
        sizes[name] = count
        assert len([next(words) for _ in range(count)]) == count
    return sizes


@official
@pytest.mark.parametrize(("year", "sizes"), [(13, SHREC13), (14, SHREC14)])
def test_the_class_sizes_are_the_official_ones(year: int, sizes: dict[int, int]) -> None:
    folder = LISTS / f"shrec{year}"
    shapes = class_sizes(folder / f"SHREC{year}_SBR_Model.cla")
    sketches = class_sizes(folder / f"SHREC{year}_SBR_Sketch_Test.cla")
    assert sorted(shapes.values()) == sorted(size for size, n in sizes.items() for _ in range(n))
    assert shapes.keys() == sketches.keys()
    assert set(sketches.values()) == {30}


@official
@pytest.mark.parametrize("entry", ["Li__SBR-VC_NUM_100_", "Furuya__CDMR-BF-fGALIF_CDMR-BF-fDSIFT_"])
def test_published_values_have_our_denominators(entry: str) -> None:
    """Each printed FT, ST and E is h/C or 2h/(32 + C) for a whole h; with C - 1 many are not."""
    shapes = class_sizes(LISTS / "shrec13" / "SHREC13_SBR_Model.cla")
    queries = class_sizes(LISTS / "shrec13" / "SHREC13_SBR_Sketch_Test.cla")
    sizes = np.array([shapes[name] for name, count in queries.items() for _ in range(count)])
    lines = (LISTS / "shrec13_official" / entry / "Stats_test.txt").read_text().splitlines()
    values = np.array([line.split(":")[1].split() for line in lines if line.startswith("No.")], dtype=float)
    assert len(values) == 2700

    def whole(printed: np.ndarray, denominator: np.ndarray) -> np.ndarray:
        return abs(np.round(printed * denominator) / denominator - printed) < 5.001e-4

    assert whole(values[:, 1], sizes).all()
    assert whole(values[:, 2], sizes).all()
    assert whole(values[:, 3], (32 + sizes) / 2).all()
    assert whole(values[:, 1], sizes - 1).mean() < 0.9
