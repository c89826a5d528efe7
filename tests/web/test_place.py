"""The service under a path prefix, and under the names by which it may be asked."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

pytest.importorskip("fastapi", reason="needs the extra [serve]")
pytest.importorskip("httpx", reason="needs the extra [dev]")

import httpx
from prefix_proxy import proxied
from starlette.types import Message
from web_server import serving, shapes_of, sketch

from sketchshape.errors import UsageError
from sketchshape.index import build_index
from sketchshape.search import Searcher
from sketchshape.web import LOCAL, create_app
from sketchshape.web.gate.place import Place, check_host, check_root_path

PREFIX = "/my/shapes"


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    root, index = tmp_path_factory.mktemp("library"), tmp_path_factory.mktemp("index")
    for name, path in shapes_of("chair", "key", count=2):
        (root / name).mkdir(exist_ok=True)
        (root / name / path.name).write_bytes(path.read_bytes())
    build_index(root, index, quiet=True)
    return Searcher.open(index)


@pytest.fixture(
    scope="module",
    params=[("", True), (PREFIX, True), (PREFIX, False)],
    ids=["unsaid", "stripped", "passed on"],
)
def place(request: pytest.FixtureRequest, searcher: Searcher) -> Iterator[str]:
    """The address under a proxy, which asks for another host than the browser: none may be in an answer."""
    root_path, strips = request.param
    with (
        serving(create_app(searcher, root_path=root_path)) as client,
        proxied(client.base_url.port or 80, PREFIX, strips=strips, name="inside.example") as outside,
    ):
        yield f"{outside}{PREFIX}/"


class Addresses(HTMLParser):
    """All that a page refers to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = {"src", "href", "srcset", "action", "data", "poster"}
        self.found += [value or "" for name, value in attributes if name in named]


def links(address: str, answer: Any) -> list[str]:
    """Where an answer leads: addresses of its HTML, its style or its script."""
    kind = answer.headers["content-type"].partition(";")[0]
    if kind == "text/html":
        found = Addresses(answer.text).found
    elif kind == "text/css":
        found = re.findall(r"url\(['\"]?([^)'\"]+)", answer.text)
    elif "javascript" in kind:
        found = re.findall(r"^\s*(?:import|export)[^'\n]*from '([^']+)'|^import '([^']+)'", answer.text, re.M)
        found = [one or other for one, other in found]
    else:
        return []
    return [urljoin(address, one).partition("#")[0] for one in found if not one.startswith(("#", "data:"))]


def test_all_that_the_pages_lead_to_is_under_the_prefix_and_there(place: str) -> None:
    waiting, seen = [place, f"{place}docs"], set()
    with httpx.Client() as client:
        while waiting:
            address = waiting.pop()
            if address in seen:
                continue
            seen.add(address)
            assert address.startswith(place)
            answer = client.get(address)
            assert answer.status_code == 200, address
            if "/vendor/" not in address:
                waiting += links(address, answer)
    assert len(seen) > 25
    assert {Path(urlsplit(one).path).suffix for one in seen} >= {".css", ".js", ".woff2", ".svg", ".json"}


def test_every_address_of_an_answer_is_below_that_of_the_page(place: str) -> None:
    with httpx.Client() as client:
        asked = {"strokes": sketch("chair"), "k": 2}
        answers = [client.post(f"{place}api/search", json=asked), client.get(f"{place}api/shapes")]
        shapes = [shape for answer in answers for shape in answer.json()["shapes"]]
        shapes.append(client.get(f"{place}api/shapes/1").json())
        assert len(shapes) == 7
        for shape in shapes:
            for name, kind in (("thumbnail", "image/png"), ("mesh", "model/gltf-binary"), ("file", "")):
                address = urljoin(place, shape[name])
                assert address.startswith(f"{place}api/shapes/{shape['id']}/")
                answer = client.get(address)
                assert answer.status_code == 200
                assert answer.headers["content-type"].startswith(kind)
        assert client.get(f"{place}api/shapes/9999").json()["type"] == "urn:sketchshape:no-shape"
        assert client.get(f"{place}nothing").status_code == 404
        assert client.get(f"{place}static/nothing").status_code == 404


def test_no_answer_names_the_host_inside_or_what_a_header_claims(place: str) -> None:
    with httpx.Client() as client:
        for path in (
            "",
            "docs",
            "docs/",
            "openapi.json",
            "api/shapes",
            "api/shapes/",
            "static",
            "api/info",
            "no",
        ):
            answer = client.get(place + path)
            told = answer.text + "".join(answer.headers.values())
            assert not re.search(r"inside\.example|elsewhere|127\.0\.0\.1", told), path


def test_the_description_of_the_api_says_the_prefix(searcher: Searcher) -> None:
    with serving(create_app(searcher, root_path=PREFIX)) as client:
        assert client.get("/openapi.json").json()["servers"] == [{"url": PREFIX}]
        assert 'route="/api/info"' not in client.get(f"{PREFIX}/metrics").text
        client.get(f"{PREFIX}/api/info")
        client.get("/api/info")
        assert re.search(
            r'sketchshape_requests_total\{[^}]*"/api/info"[^}]*\} 2', client.get("/metrics").text
        )


def test_the_prefix_without_its_slash_leads_to_the_page(searcher: Searcher) -> None:
    with serving(create_app(searcher, root_path=PREFIX)) as client:
        answer = client.get(PREFIX)
        assert (answer.status_code, answer.headers["location"]) == (308, f"{PREFIX}/")
        assert client.get(PREFIX, follow_redirects=True).text == client.get("/").text


@pytest.mark.parametrize(
    ("given", "used"), [("", ""), ("/", ""), ("shapes", "/shapes"), ("/a/b/", "/a/b"), ("//a//b", "/a/b")]
)
def test_a_prefix_is_taken_as_people_write_it(given: str, used: str) -> None:
    assert check_root_path(given, ["/api/info"]) == used


@pytest.mark.parametrize(
    "given",
    ["/api", "api/v2", "/static", "/docs", "http://a.example/b", "/a b", "/a?b", "/a/../b", "/é", "/%41"],
)
def test_a_prefix_that_cannot_be_told_from_an_address_is_refused(given: str, searcher: Searcher) -> None:
    with pytest.raises(UsageError, match="--root-path"):
        create_app(searcher, root_path=given)


NAMES = ("shapes.example.org", "*.inside.example")


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        *(("127.0.0.1", True), ("localhost:8000", True), ("[::1]:8000", True), ("LocalHost", True)),
        *(("shapes.example.org", True), ("Shapes.Example.Org.:443", True), ("a.b.inside.example", True)),
        *(("inside.example", False), ("evilinside.example", False), ("example.org", False), ("", False)),
        *(("shapes.example.org.evil.example", False), ("x[::1]", False), ("*.inside.example.evil", False)),
    ],
)
def test_only_names_that_are_allowed_are_answered(host: str, allowed: bool, searcher: Searcher) -> None:
    with serving(create_app(searcher, hosts=(*LOCAL, *map(check_host, NAMES)))) as client:
        claims = {"host": host, "x-forwarded-host": "localhost", "forwarded": "host=localhost"}
        answer = client.get("/healthz", headers=claims)
    assert answer.status_code == (200 if allowed else 403)
    assert "content-security-policy" in answer.headers
    if not allowed:
        assert "--allowed-host" in answer.json()["detail"]


@pytest.mark.parametrize("given", ["http://a.example", "a.example:80", "a/b", "", "*.", "a*", "a b", "::1"])
def test_what_is_no_name_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match="--allowed-host"):
        check_host(given)


def test_two_hosts_in_one_request_are_refused() -> None:
    answers: list[Message] = []

    async def keep(message: Message) -> None:
        answers.append(message)

    async def never(*args: object) -> Any:
        raise AssertionError("not asked")

    hosts = [(b"host", b"localhost"), (b"host", b"evil.example")]
    place = Place(never, LOCAL, "")
    asyncio.run(place({"type": "http", "method": "GET", "path": "/", "headers": hosts}, never, keep))
    assert answers[0]["status"] == 403
