"""Every kind of photograph of the benchmark gives the drawing back; clean pictures stay as they are."""

import json
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sketchshape.datasets import sample_root
from sketchshape.images import draw_strokes, prepare, read_drawing_bytes, to_ink
from sketchshape.images.paper import is_photograph
from sketchshape.images.stray import without_stray

MAKER = Path(__file__).parents[3] / "benchmarks" / "photographs.py"
if not MAKER.exists():
    pytest.skip("not a checkout: what makes photographs is not here", allow_module_level=True)
spec = spec_from_file_location("photographs", MAKER)
photographs: Any = module_from_spec(spec)
spec.loader.exec_module(photographs)


def drawings(part: str) -> Iterator[tuple[str, Any]]:
    for path in sorted((sample_root() / "sketches" / part).glob("*.ndjson")):
        for line in path.read_text().splitlines():
            yield path.stem, [stroke[:2] for stroke in json.loads(line)["drawing"]]


CHOSEN = {"chair": 0, "fish": 0}
STROKES = {name: next(s for n, s in drawings("train") if n == name) for name in CHOSEN}


@pytest.mark.parametrize("kind", photographs.KINDS)
@pytest.mark.parametrize("name", STROKES)
def test_a_photograph_gives_the_drawing_back(kind: str, name: str) -> None:
    data = photographs.KINDS[kind](STROKES[name], np.random.default_rng([7, len(name)]))
    got = 255.0 - prepare(read_drawing_bytes(data, "photograph"), 56)
    turns = "desk" in kind  # a sheet on a desk is turned and slanted
    expected = [255.0 - prepare(draw_strokes(STROKES[name], 512, width), 56) for width in (4.0, 10.0, 18.0)]
    alike = max(float(np.corrcoef(got.ravel(), one.ravel())[0, 1]) for one in expected)
    assert alike > (0.2 if turns else 0.8), alike


@pytest.mark.parametrize(("desk", "paper"), [(40, 235), (150, 235), (205, 240)])
@pytest.mark.parametrize("inset", [20, 90])
def test_a_sheet_without_grain_on_a_desk_without_grain(desk: int, paper: int, inset: int) -> None:
    drawn = draw_strokes(STROKES["chair"], 240, 4)
    scene = np.full((520, 520), desk, np.uint8)
    scene[inset:-inset, inset:-inset] = paper
    scene[140:380, 140:380] = np.rint(drawn / 255.0 * (paper - 30) + 30)
    got = prepare(to_ink(scene), 56)
    assert np.corrcoef(got.ravel(), prepare(drawn, 56).ravel())[0, 1] > 0.95


def test_pictures_of_the_sample_are_not_changed() -> None:
    for part in ("train", "test"):
        for name, strokes in drawings(part):
            gray = draw_strokes(strokes)
            assert not is_photograph(gray), name
            np.testing.assert_array_equal(to_ink(gray), gray)
            assert without_stray(gray) is gray or name in ("dresser", "fence"), name
