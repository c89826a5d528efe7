"""Shapes are turned while the service runs: the choice is kept, and the next search finds them so."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="needs the extra [serve]")
pytest.importorskip("httpx", reason="needs the extra [dev]")

import httpx
from search_library import library, projection
from web_server import serving

from sketchshape.index import build_index
from sketchshape.index.lock import LOCK
from sketchshape.mesh import AXES, load_mesh
from sketchshape.search import Searcher
from sketchshape.web import create_app
from sketchshape.web.app import STATIC
from sketchshape.web.glb import to_glb

STROKES = [[[0, 100, 100, 0, 0], [0, 0, 60, 60, 0]]]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path / "cache"))
    folder = library(tmp_path / "library")
    (folder / "tables/other.glb").write_bytes(to_glb(load_mesh(folder / "a.off")))
    build_index(folder, tmp_path / "index", bundle=projection(), up="y", quiet=True, workers=1)
    monkeypatch.setattr("sketchshape.web.turning.SOON", 60)
    return folder


def service(root: Path, **options: Any) -> AbstractContextManager[httpx.Client]:
    return serving(create_app(Searcher.open(root.parent / "index", projection()), **options))


@pytest.fixture
def client(root: Path) -> Iterator[httpx.Client]:
    with service(root) as client:
        yield client


def shapes(client: httpx.Client) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in client.get("/api/shapes").json()["shapes"]}


def turn(client: httpx.Client, id: int, up: str, **more: Any) -> Any:
    return client.put(f"/api/shapes/{id}/up", json={"up": up, **more})


def finished(client: httpx.Client) -> dict[str, Any]:
    for _ in range(600):
        said: dict[str, Any] = client.get("/api/turn").json()
        if not said["running"]:
            return said
        time.sleep(0.05)
    raise AssertionError("never done")


def test_a_turned_shape_is_shown_and_found_as_it_stands(client: httpx.Client, root: Path) -> None:
    before = shapes(client)["low"]
    asked = client.post("/api/search", json={"strokes": STROKES}).json()["shapes"]
    answer = turn(client, before["id"], "z")
    assert answer.status_code == 200
    said = answer.json()
    assert (said["running"], said["done"], said["total"], said["failed"]) == (False, 1, 1, "")
    after = said["shape"]
    assert after == {**shapes(client)["low"]}
    assert (before["ups"], after["ups"]) == (["y"], ["z"])
    assert after["bounds"] == pytest.approx([before["bounds"][at] for at in (0, 2, 1)])
    assert client.get(after["mesh"]).content == to_glb(load_mesh(root / "tables/low.off", "z"))
    assert after["thumbnail"] != before["thumbnail"]  # browsers keep what one gave for ever
    assert "immutable" in client.get(after["thumbnail"]).headers["cache-control"]
    assert (
        client.get(f"/api/shapes/{after['id']}/thumbnail.png").headers["cache-control"] == "private, no-cache"
    )
    found = {
        one["name"]: one for one in client.post("/api/search", json={"strokes": STROKES}).json()["shapes"]
    }
    score = {one["name"]: one["score"] for one in asked}
    assert {name for name, one in found.items() if one["score"] != score[name]} == {"low"}
    assert found["low"]["found"] == "z"
    again = Searcher.open(root.parent / "index", projection()).search(STROKES, 99)
    assert dict(zip(again.ids, again.scores.round(4).tolist(), strict=True)) == {
        one["id"]: pytest.approx(one["score"], abs=1e-4) for one in found.values()
    }


def test_what_is_chosen_outlives_the_next_run(client: httpx.Client, root: Path) -> None:
    id = shapes(client)["low"]["id"]
    turn(client, id, "-x")
    build_index(root, root.parent / "index", bundle=projection(), quiet=True, workers=1)
    assert shapes(client)["low"]["ups"] == ["-x"]
    assert turn(client, id, "auto").json()["shape"]["ups"] == ["y"]


def test_the_files_of_its_format_in_its_folder_are_turned(client: httpx.Client) -> None:
    answer = turn(client, shapes(client)["low"]["id"], "z", folder=True)
    assert answer.status_code in (200, 202)
    said = finished(client)
    assert (said["done"], said["total"], said["failed"]) == (2, 2, "")
    stand = {name: one["ups"] for name, one in shapes(client).items()}
    assert {name for name, ups in stand.items() if ups == ["z"]} == {"low", "oak"}
    assert stand["other"] == ["y"]
    best = client.post("/api/search", json={"class": "box"}).json()["shapes"]
    assert {one["name"]: one["found"] for one in best} == {name: ups[0] for name, ups in stand.items()}


def test_who_may_not_turn_is_told(root: Path, client: httpx.Client) -> None:
    def problem(answer: Any, status: int, code: str) -> None:
        assert (answer.status_code, answer.json()["type"]) == (status, f"urn:sketchshape:{code}")

    problem(turn(client, 999, "z"), 404, "no-shape")
    problem(turn(client, 1, "w"), 422, "invalid")
    problem(turn(client, 1, "z", depth=1), 422, "invalid")
    address, body = "/api/shapes/1/up", {"up": "z"}
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
    ):
        problem(client.put(address, json=body, headers=headers), 403, "elsewhere")
    plain = client.put(address, content=json.dumps(body), headers={"content-type": "text/plain"})
    assert plain.status_code == 415  # what a form of another site could send is not read
    assert client.post(address, json=body).status_code == 405
    with service(root, read_only=True) as locked:
        assert client.get("/api/info").json()["turning"]
        assert not locked.get("/api/info").json()["turning"]
        problem(turn(locked, 1, "z"), 403, "read-only")
    other = sqlite3.connect(root.parent / "index" / LOCK, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    problem(turn(client, 1, "z"), 409, "indexing")
    other.close()
    (root / "a.off").write_bytes((root / "b.off").read_bytes())
    changed = turn(client, shapes(client)["a"]["id"], "z")
    problem(changed, 422, "refused")
    assert str(root) not in changed.text
    assert {tuple(one["ups"]) for one in shapes(client).values()} == {("y",)}
    for headers in ({"sec-fetch-site": "same-origin"}, {"origin": str(client.base_url).rstrip("/")}):
        address = f"/api/shapes/{shapes(client)['b']['id']}/up"
        assert client.put(address, json={"up": "y"}, headers=headers).status_code == 200


def test_one_turn_at_a_time(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    import sketchshape.web.turning as turning

    going, original = threading.Event(), turning.turn_shape

    def slow(*args: Any, **kwargs: Any) -> Any:
        going.wait(30)
        return original(*args, **kwargs)

    monkeypatch.setattr(turning, "turn_shape", slow)
    first = turn(client, 1, "z", folder=True)
    assert (first.status_code, first.json()["running"]) == (202, True)
    second = turn(client, 2, "z")
    assert (second.status_code, second.json()["type"]) == (409, "urn:sketchshape:turning")
    assert client.post("/api/search", json={"class": "box"}).status_code == 200
    going.set()
    assert not finished(client)["failed"]


def test_the_page_knows_the_axes() -> None:
    """The table of the page says where the axes of a shown shape lie in its file, as AXES does."""
    text = (STATIC / "js/shape/tip.js").read_text()
    rows = re.findall(r"^  '?(-?[xyz])'?: \{ (.*?) \},$", text, re.MULTILINE)
    assert [way for way, _ in rows] == list(AXES)
    unit = {"x": (1, 0, 0), "y": (0, 1, 0), "z": (0, 0, 1)}
    unit |= {f"-{axis}": tuple(-part for part in parts) for axis, parts in unit.items()}
    for way, row in rows:
        lies = dict(re.findall(r"([xyz]): '(-?[xyz])'", row))
        np.testing.assert_array_equal(AXES[way], [unit[lies[axis]] for axis in "xyz"])
