"""A small library, for tests of the service that have none of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from sketchshape.search import Searcher


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from web_server import small_index  # needs an extra, which a test file asks for first

    return small_index(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def searcher(index: Path) -> Searcher:
    return Searcher.open(index)
