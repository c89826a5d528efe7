"""The large indexes that the benchmarks of searching make are indexes that a search takes."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from search_library import library

from sketchshape.encoders import Bundle
from sketchshape.index import Catalogue, build_index
from sketchshape.search import Searcher

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
pytestmark = pytest.mark.skipif(not BENCHMARKS.is_dir(), reason="the benchmarks are not part of an install")


@pytest.fixture
def benchmark(request: pytest.FixtureRequest) -> Iterator[ModuleType]:
    if request.param == "page":
        pytest.importorskip("playwright", reason="this one draws in a browser")
    spec = importlib.util.spec_from_file_location(request.param, BENCHMARKS / f"{request.param}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[request.param] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[request.param]


@pytest.mark.parametrize("benchmark", ["search"], indirect=True)
def test_random_vectors_are_searched(benchmark: ModuleType, tmp_path: Path) -> None:
    benchmark.fill(tmp_path, Bundle.open(), 30)
    searcher = Searcher.open(tmp_path)
    assert len(searcher) == 30
    found = searcher.like(7, 50)
    assert sorted((*found.ids, 7)) == list(range(1, 31))
    assert len(searcher.library_map()) == 30


@pytest.mark.parametrize("benchmark", ["page"], indirect=True)
def test_copies_with_noise_are_found_beside_what_they_are_of(benchmark: ModuleType, tmp_path: Path) -> None:
    index = tmp_path / "index"
    build_index(library(tmp_path / "shapes"), index, quiet=True)
    with Catalogue(index) as catalogue:
        own = {entry.id: entry.path for entry in catalogue.entries()}
    benchmark.grow(index, 40, tmp_path / "files")
    searcher = Searcher.open(index)
    assert len(searcher) == 40
    for id in sorted(set(searcher.ids.tolist()) - set(own)):
        entry = searcher.catalogue.get(id)
        assert entry.path.resolve() in own.values()
        assert entry.ups
