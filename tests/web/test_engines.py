"""The service over an index that an engine holds: over HTTP it answers as one that compares all shapes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra [serve]")
pytest.importorskip("httpx", reason="needs the extra [dev]")

from engine_places import engines
from search_library import box, library, projection
from web_server import serving

from sketchshape.engines import ENGINES
from sketchshape.errors import MissingExtraError
from sketchshape.index import build_index
from sketchshape.search import Searcher
from sketchshape.web import create_app

STROKES = [[[0, 100, 100, 0, 0], [0, 0, 60, 60, 0]]]


@pytest.fixture(params=engines(ENGINES))
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_it_answers_as_one_that_compares_all(
    engine: str, engine_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path / "cache"))
    folder, index = library(tmp_path / "library"), tmp_path / "index"
    own: dict[str, Any] = {"bundle": projection(), "quiet": True, "workers": 1}

    def bring() -> None:
        build_index(folder, index, engine=engine, engine_url=engine_url, **own)

    try:
        bring()
    except MissingExtraError as error:
        pytest.skip(str(error))
    exact = Searcher.open(index, projection(), engine="exact")
    with serving(create_app(Searcher.open(index, projection()))) as client:
        for ask in ({"strokes": STROKES}, {"like": 2}, {"class": "box"}, {"words": "stool"}):
            for more in ({}, {"k": 3}, {"folder": "chairs"}, {"unique": True}):
                answer = client.post("/api/search", json=ask | more).raise_for_status().json()
                found = [(shape["id"], shape["score"]) for shape in answer["shapes"]]
                assert found == ranked(exact, {**ask, **more})
        assert client.get("/api/info").json()["shapes"] == 6
        box(folder / "chairs/new.off", (2, 2, 5))
        bring()  # as another process does
        searched = {"strokes": STROKES, "k": 99}
        while len(client.post("/api/search", json=searched).json()["shapes"]) < 7:
            pass
        turned = client.put("/api/shapes/1/up", json={"up": "z"}).raise_for_status().json()
        assert turned["shape"]["ups"] == ["z"]
        found = client.post("/api/search", json={"strokes": STROKES, "k": 99}).json()["shapes"]
        assert [shape["found"] for shape in found if shape["id"] == 1] == ["z"]
        exact = Searcher.open(index, projection(), engine="exact")
        assert [(shape["id"], shape["score"]) for shape in found] == ranked(exact, searched)


def ranked(searcher: Searcher, ask: dict[str, Any]) -> list[tuple[int, float]]:
    options = {name: ask[name] for name in ("words", "folder", "unique") if name in ask}
    k = ask.get("k", 24)
    if "like" in ask:
        ranking = searcher.like(ask["like"], k, **options)
    elif "class" in ask:
        ranking = searcher.by_class(ask["class"], k, **options)
    else:
        ranking = searcher.search(ask.get("strokes"), k, **options)
    return [(id, round(float(score), 4)) for id, score in zip(ranking.ids, ranking.scores, strict=True)]
