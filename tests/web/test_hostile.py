"""Requests that are meant to hurt: none costs more than its size, none leaves a word in the log."""

from __future__ import annotations

import json
import logging
import random
import socket
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra [serve]")
pytest.importorskip("httpx", reason="needs the extra [dev]")

import httpx
from web_server import serving, sketch, small_index

from sketchshape.search import Searcher
from sketchshape.web import LOCAL, Limits, create_app
from sketchshape.web.problems import Problem
from sketchshape.web.values import check_strokes

JSON = {"content-type": "application/json"}
LIMITS = Limits()


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    return Searcher.open(small_index(tmp_path_factory.mktemp("small")))


@pytest.fixture(scope="module")
def client(searcher: Searcher) -> Iterator[httpx.Client]:
    with serving(create_app(searcher, hosts=LOCAL)) as client:
        yield client


def said(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.content) < 2_000
    return answer.status_code, answer.json()["type"].removeprefix("urn:sketchshape:")


# ---- JSON whose errors would cost more than its size


def repeated(part: str, size: int, before: str, after: str) -> bytes:
    return (before + ",".join([part] * (size // (len(part) + 1))) + after).encode()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (repeated('"a"', 900_000, "[[[", "],[1]]]"), (413, "too-many-strokes")),
        (repeated('"a"', 30_000, "[[[", "],[1]]]"), (422, "invalid")),
        (repeated('[["ab"],["cd"]]', 900_000, "[", "]"), (422, "invalid")),
        (repeated("[]", 900_000, "[", "]"), (422, "invalid")),
        (repeated("[[],[]]", 900_000, "[", "]"), (413, "too-many-strokes")),
        (repeated("{}", 900_000, '{"strokes":[', "]}"), (422, "invalid")),
        (repeated('"a"', 12_100_000, "[[[", "],[1]]]"), (413, "too-large")),
        (repeated("1", 1_000_100, "[[[", "],[1]]]"), (413, "too-large")),
        (repeated("1", 900_000, '{"formats":[', "]}"), (422, "invalid")),
        (repeated('"a"', 900_000, '{"faces":[', "]}"), (422, "invalid")),
        (json.dumps({f"key{n}": n for n in range(50_000)}).encode(), (422, "invalid")),
        (json.dumps({"words": {f"key{n}": n for n in range(50_000)}}).encode(), (422, "invalid")),
        (json.dumps({"k" * 900_000: 1}).encode(), (422, "invalid")),
        (b"[" * 900_000, (400, "json")),
        (b'{"a":' * 150_000, (400, "json")),
        (b'{"strokes":' + b"[" * 400_000 + b"]" * 400_000 + b"}", (400, "json")),
        (b'{"like":' + b"9" * 5_000 + b"}", (400, "json")),
        (b'{"like":' + b"9" * 400 + b"}", (404, "no-shape")),
        (b'{"words":"\\ud800"}', (422, "invalid")),
        (b"[[[NaN,1],[1,2]]]", (422, "drawing")),
        (b"[[[1e999,1],[1,2]]]", (422, "drawing")),
        (b"[[[true,1],[1,2]]]", (422, "invalid")),
        (b"[[[" + b"9" * 400 + b",1],[1,2]]]", (422, "invalid")),
        (b'{"strokes":7}', (422, "invalid")),
        (b"[7]", (422, "invalid")),
        (b"[[7,8]]", (422, "invalid")),
    ],
    ids=lambda value: value[:24].decode() if isinstance(value, bytes) else "",
)
@pytest.mark.parametrize("address", ["/api/search", "/api/shapes/1/up"])
def test_a_body_of_json_is_refused_with_one_line(
    client: httpx.Client, body: bytes, expected: tuple[int, str], address: str
) -> None:
    turned = address.endswith("up")
    answer = client.request("PUT" if turned else "POST", address, content=body, headers=JSON)
    status, code = said(answer)
    assert (status, code) == expected or (turned and (status, code) == (422, "invalid"))


def test_a_query_is_refused_as_a_body_is(client: httpx.Client) -> None:
    many = "&".join(f"a{n}=1" for n in range(5_000))
    assert said(client.post(f"/api/search?{many}")) == (422, "invalid")
    assert said(client.post(f"/api/search?strokes={'[' * 30_000}")) == (400, "json")
    assert said(client.post('/api/search?strokes=[[["a"],[1]]]')) == (422, "invalid")


def test_the_first_wrong_number_is_named() -> None:
    strokes: list[Any] = [[[1, 2], [3, 4]], [[1, 2], [3, "x"]], [["y"], [1]]]
    with pytest.raises(Problem, match=r"^strokes\.1\.1\.1: expected a number, found a text\.$"):
        check_strokes(strokes, LIMITS)


def test_random_drawings_pass_exactly_where_they_are_strokes_within_the_limits() -> None:
    rng, limits = random.Random(7), Limits(strokes=4, points=9)
    seen = set()
    for _ in range(4_000):
        lengths = [rng.randint(0, 4) for _ in range(rng.randint(0, 5))]
        strokes: list[Any] = [
            [[rng.random()] * n for _ in range(rng.choice([1, 2, 2, 2, 3, 4]))] for n in lengths
        ]
        if rng.random() < 0.2 and any(lengths):
            stroke = strokes[next(at for at, n in enumerate(lengths) if n)]
            stroke[0][0] = rng.choice(["a", None, True, [1], {}])
        fits = (
            len(strokes) <= 4
            and sum(lengths) <= 9
            and all(
                len(stroke) in (2, 3) and all(type(one) is float for axis in stroke for one in axis)
                for stroke in strokes
            )
        )
        try:
            check_strokes(strokes, limits)
            passed = True
        except Problem as problem:
            passed, _ = False, seen.add(problem.status)
        assert passed == fits, strokes
    assert seen == {413, 422}


# ---- forms


@pytest.mark.parametrize(
    "body",
    [
        b"\r\n" * 2_000_000,
        b"--x\r\n" + b"a: b\r\n" * 600_000,
        b"--x\r\na: " + b"b" * 4_000_000,
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 60_000 + b"--x--",
        b'--x\r\nContent-Disposition: form-data; name="strokes"\r\n\r\n' + b"[" * 2_000_000 + b"\r\n--x--",
        b'--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\n' + b"\r\n-" * 1_000_000,
        b"--" * 2_000_000,
    ],
    ids=lambda body: body[:12].decode(),
)
def test_a_form_that_never_comes_to_the_point(client: httpx.Client, body: bytes) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    status, _ = said(client.post("/api/search", content=body, headers=headers))
    assert status == 400


# ---- bodies without end, and clients that hang up


def request(client: httpx.Client, head: str, body: bytes = b"", *, reset: bool = False) -> bytes:
    """Send bytes as they are, and give all that comes back; or reset the connection at once."""
    port = client.base_url.port
    with socket.create_connection(("127.0.0.1", port or 80), timeout=20) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return b""
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_chunked_body_is_refused_while_it_is_read(client: httpx.Client) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 200_000_000:
            sent += 65536
            yield b"x" * 65536

    for kind, most in (("image/png", LIMITS.body), ("application/json", LIMITS.text)):
        sent = 0
        try:
            answer = client.post("/api/search", content=endless(), headers={"content-type": kind})
            assert said(answer) == (413, "too-large")
        except httpx.TransportError:  # the connection is closed on who goes on after the answer
            pass
        assert most < sent
    assert client.get("/healthz").status_code == 200


def test_an_announced_body_is_refused_before_it_is_sent(client: httpx.Client) -> None:
    head = "POST /api/search HTTP/1.1\nHost: localhost\nContent-Type: image/png\nContent-Length: 12000001"
    assert request(client, head).startswith(b"HTTP/1.1 413 ")
    assert request(client, head.replace("12000001", "9" * 18)).startswith(b"HTTP/1.1 413 ")


def test_clients_that_hang_up_leave_nothing_in_the_log(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    heads = [
        "POST /api/search HTTP/1.1\nHost: localhost\nContent-Length: 1000\nContent-Type: image/png",
        "POST /api/search HTTP/1.1\nHost: localhost\nContent-Length: 1000\nContent-Type: application/json",
        "POST /api/drawing HTTP/1.1\nHost: localhost\nTransfer-Encoding: chunked",
        "POST /api/search HTTP/1.1\nHost: localhost\nContent-Length: 1000\n"
        "Content-Type: multipart/form-data; boundary=x",
        "PUT /api/shapes/1/up HTTP/1.1\nHost: localhost\nContent-Length: 1000\n"
        "Content-Type: application/json",
        "GET /api/shapes/1/mesh.glb HTTP/1.1\nHost: localhost",
        "GET /api/map HTTP/1.1\nHost: localhost",
    ]
    with caplog.at_level(logging.WARNING):
        for reset in (True, False):
            for head in heads:
                request(client, head, b"5\r\nhello\r\n" if "chunked" in head else b"hel", reset=reset)
        time.sleep(0.3)
        assert client.get("/healthz").status_code == 200
    assert caplog.records == []
    assert 'status="499"' in client.get("/metrics").text


def test_a_failure_is_logged_without_what_was_asked(
    searcher: Searcher, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Searcher):
        def search(self, *args: Any, **kwargs: Any) -> Any:
            raise RuntimeError(f"cannot find {kwargs['words']}")

    with serving(create_app(Broken(searcher.catalogue, searcher.bundle))) as client:
        answer = client.post("/api/search", json={"words": "a secret"})
    assert said(answer) == (500, "failed")
    assert "content-security-policy" in answer.headers
    assert "RuntimeError" in caplog.text
    assert "test_hostile.py" in caplog.text
    assert "secret" not in caplog.text


def test_too_many_bytes_at_once_are_told_to_come_again(searcher: Searcher) -> None:
    limits = Limits(bodies=3_000_000)
    head = "POST /api/drawing HTTP/1.1\nHost: localhost\nContent-Length: 2000000\n\n".replace("\n", "\r\n")
    with serving(create_app(searcher, limits=limits)) as client:
        port = client.base_url.port or 80
        with socket.create_connection(("127.0.0.1", port)) as slow:
            slow.sendall(head.encode() + b"x" * 1_900_000)
            time.sleep(0.3)
            answer = client.post("/api/drawing", content=b"x" * 1_500_000)
            assert said(answer) == (503, "busy")
            assert answer.headers["retry-after"] == "1"
            assert said(client.post("/api/drawing", content=b"x" * 10_000)) == (422, "drawing")
        time.sleep(0.3)
        assert said(client.post("/api/drawing", content=b"x" * 1_500_000)) == (422, "drawing")


# ---- who asks


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"origin": "SELF"}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none", "sec-fetch-mode": "navigate"}, True),
        ({"origin": "http://evil.example"}, False),
        ({"origin": "http://evil.example", "x-forwarded-host": "evil.example"}, False),
        ({"origin": "http://localhost:1"}, False),
        ({"origin": "http://127.0.0.1.evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://[::1"}, False),
        ({"origin": "file://"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
    ],
)
def test_pages_of_other_sites_may_not_ask(
    client: httpx.Client, headers: dict[str, str], allowed: bool
) -> None:
    own = str(client.base_url).rstrip("/")
    headers = {name: value.replace("SELF", own) for name, value in headers.items()}
    for method, address in (("GET", "/api/info"), ("POST", "/api/search?words=chair"), ("GET", "/")):
        answer = client.request(method, address, headers=headers)
        if allowed:
            assert answer.status_code == 200
        else:
            assert said(answer) == (403, "elsewhere")
            assert headers.get("origin", headers.get("sec-fetch-site"))[:9] in answer.json()["detail"]


def test_a_link_on_another_site_leads_to_the_page_but_not_into_its_frame(client: httpx.Client) -> None:
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert client.get("/", headers=link).status_code == 200
    assert said(client.get("/", headers=link | {"sec-fetch-dest": "iframe"})) == (403, "elsewhere")
    form = client.post("/api/search?words=chair", headers=link | {"origin": "http://evil.example"})
    assert said(form) == (403, "elsewhere")


def test_who_asks_under_a_foreign_name_is_told_the_name(client: httpx.Client) -> None:
    answer = client.get("/", headers={"host": "evil.example:8000"})
    assert said(answer) == (403, "host")
    assert "'evil.example'" in answer.json()["detail"]


# ---- a crowd


def test_twenty_that_draw_and_twenty_that_hurt_are_each_answered(
    client: httpx.Client, searcher: Searcher
) -> None:
    strokes = sketch("key", 1)
    expected = list(searcher.search(strokes, 3).ids)
    bad = repeated('"a"', 900_000, "[[[", "],[1]]]")

    def ask(number: int) -> None:
        if number % 2:
            assert said(client.post("/api/search", content=bad, headers=JSON)) == (413, "too-many-strokes")
        else:
            found = client.post("/api/search", json={"strokes": strokes, "k": 3}).json()
            assert [shape["id"] for shape in found["shapes"]] == expected

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(40)))
