"""A service that strangers reach: the token, how often they may ask, what they do not see."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra [serve]")
pytest.importorskip("httpx", reason="needs the extra [dev]")

import httpx
from web_server import serving, sketch

from sketchshape.cli.main import main
from sketchshape.cli.strangers import TOKEN as VARIABLE
from sketchshape.errors import UsageError
from sketchshape.search import Searcher
from sketchshape.web import create_app
from sketchshape.web.gate.clients import Clients, bucket
from sketchshape.web.gate.pace import BURST, KEPT, Buckets
from sketchshape.web.gate.token import check_token
from sketchshape.web.metrics import Metrics

TOKEN = "correct-horse_battery.staple~1"
BEARER = {"authorization": f"Bearer {TOKEN}"}
HTML = {"accept": "text/html,*/*;q=0.8"}
EVERY = (
    *("/", "/docs", "/openapi.json", "/metrics", "/api/info", "/api/map", "/api/shapes", "/api/shapes/1"),
    *("/api/shapes/1/mesh.glb", "/api/shapes/1/thumbnail.png", "/api/shapes/1/file/a", "/api/turn"),
    *("/nothing", "/api", "//", "/static", "/static/../api/info", "/%2e%2e/api/info", "/healthz/"),
)


@pytest.fixture(scope="module", params=["", "/my/shapes"], ids=["root", "prefix"])
def locked(searcher: Searcher, request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    with serving(create_app(searcher, token=TOKEN, root_path=request.param)) as client:
        base = f"{str(client.base_url).rstrip('/')}{request.param}"
        with httpx.Client(base_url=base) as below:
            yield below


# ---- the token


@pytest.mark.parametrize("address", EVERY)
def test_without_the_token_nothing_of_the_library_is_told(locked: httpx.Client, address: str) -> None:
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "BREW"):
        answer = locked.request(method, address)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "content-security-policy" in answer.headers
        assert method == "HEAD" or answer.json()["type"] == "urn:sketchshape:token"


def test_what_is_open_tells_nothing(locked: httpx.Client) -> None:
    assert locked.get("/healthz").json() == {"status": "ok"}
    assert locked.get("/static/js/main.js").status_code == 200
    for address in ("/static/../../limits.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py"):
        assert locked.get(address).status_code in (401, 404)


@pytest.mark.parametrize(
    "given",
    [
        *("", "Bearer", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN.upper()}"),
        *(f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN} {TOKEN}", "Bearer \xe9".encode("latin-1")),
    ],
)
def test_another_token_does_not_do(locked: httpx.Client, given: Any) -> None:
    assert locked.get("/api/info", headers={"authorization": given}).status_code == 401


def test_a_program_sends_the_token(locked: httpx.Client) -> None:
    assert locked.get("/api/info", headers=BEARER).json()["shapes"] == 4
    assert locked.get("/api/info", headers={"authorization": f"bearer  {TOKEN}"}).status_code == 200
    found = locked.post("/api/search", json={"strokes": sketch("key"), "k": 1}, headers=BEARER)
    assert found.json()["shapes"][0]["tags"] == ["key"]


def test_a_link_gives_a_browser_the_cookie_and_leads_to_the_page(locked: httpx.Client) -> None:
    root = locked.base_url.path
    with httpx.Client(base_url=locked.base_url) as browser:
        answer = browser.get("/", params={"token": TOKEN}, headers=HTML)
        assert (answer.status_code, answer.headers["location"]) == (303, "./")
        assert answer.headers["cache-control"] == "no-store"
        cookie = answer.headers["set-cookie"]
        assert re.fullmatch(
            rf"sketchshape-\w{{8}}=\w{{64}}; HttpOnly; Max-Age=\d+; Path={root}; SameSite=strict", cookie
        )
        assert TOKEN not in cookie
        page = browser.get("/", headers=HTML, follow_redirects=True)
        assert page.status_code == 200
        assert "canvas" in page.text
        assert TOKEN not in page.text
        assert browser.get("/api/info").json()["shapes"] == 4
        assert browser.get("docs", params={"token": TOKEN}, follow_redirects=True).url.path == f"{root}docs"


def test_from_another_site_the_page_itself_leads_on_for_else_the_cookie_would_not_be_sent(
    locked: httpx.Client,
) -> None:
    link = HTML | {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    with httpx.Client(base_url=locked.base_url) as browser:
        answer = browser.get("/", params={"token": TOKEN}, headers=link)
        assert (answer.status_code, '"0;url=./"' in answer.text) == (200, True)
        assert browser.get("/api/info").status_code == 200


def test_a_wrong_link_and_a_wrong_cookie_are_refused_with_a_page_that_says_how(locked: httpx.Client) -> None:
    wrong = locked.get("/", params={"token": "wrong"}, headers=HTML)
    assert (wrong.status_code, "set-cookie" in wrong.headers) == (401, False)
    assert "?token=" in wrong.text
    with httpx.Client(base_url=locked.base_url) as browser:
        browser.get("/", params={"token": TOKEN})
        name = next(iter(browser.cookies))
    for cookie in (f"{name}=wrong", f"{name}={TOKEN}", f"{name}=", "x=y", "=;;=\x7f", f"{name}=\xff"):
        answer = locked.get("/", headers=HTML | {"cookie": cookie.encode("latin-1")})  # type: ignore[dict-item]
        assert answer.status_code == 401


def test_a_link_leads_nowhere_else(locked: httpx.Client) -> None:
    asked = HTTPConnection("127.0.0.1", locked.base_url.port or 80)
    for address in ("//evil.example/", "/\\evil.example", "/docs/../..//evil.example", "/%2f%2fevil.example"):
        asked.request("GET", f"{address}?token={TOKEN}")
        answer = asked.getresponse()
        assert answer.read()
        assert (answer.status, answer.getheader("location")) == (401, None)
    asked.close()


def test_the_cookie_is_for_https_alone_where_the_browser_came_so(searcher: Searcher) -> None:
    told = {"x-forwarded-proto": "https"}
    for proxies, secure in (((), False), (("127.0.0.1",), True)):
        with serving(create_app(searcher, token=TOKEN, proxies=proxies)) as client:
            cookie = client.get("/", params={"token": TOKEN}, headers=told).headers["set-cookie"]
        assert ("; Secure" in cookie) is secure


@pytest.mark.parametrize("text", ["", "  ", "a b", "a;b", "a&b", "é", "a\nb", "a\x00", "a/b", "a+b"])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="token"):
        check_token(text)


# ---- the command


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_other_machines_need_a_token_or_that_it_is_meant(
    index: Path, host: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert main(["serve", str(index), "--host", host]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert {"--token", "--no-token", VARIABLE} <= set(re.findall(r"[\w-]+", said.err))


def test_a_token_that_is_none_and_a_file_that_is_not_there(
    index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").write_text("\n")
    for words in (
        ["--token", ""],
        ["--token", "a b"],
        ["--token-file", str(tmp_path / "none")],
        ["--token-file", str(tmp_path / "empty")],
        ["--trusted-proxy", "proxy"],
        ["--host", "0.0.0.0", "--no-token", "--metrics", "192.0.2.1:1"],
    ):
        assert main(["serve", str(index), *words, "--port", "0"]) == 2
        assert len(capsys.readouterr().err.splitlines()) >= 1
    for words in (["--token", "a", "--no-token"], ["--rate", "-1"], ["--rate", "x"], ["--metrics", "x"]):
        with pytest.raises(SystemExit):
            main(["serve", str(index), *words])


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_a_service_for_strangers_says_no_secret_and_counts_elsewhere(index: Path, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    port = free_port()
    words = ["--host", "0.0.0.0", "--token-file", str(tmp_path / "token"), "--metrics", str(port)]
    command = [sys.executable, "-m", "sketchshape", "serve", str(index), "--port", "0", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[4].replace("localhost", "127.0.0.1")
            assert process.stdout.readline().startswith("Counts for Prometheus")
            with httpx.Client(base_url=address) as client:
                assert client.get("/api/info").status_code == 401
                assert client.get("/", params={"token": TOKEN}).status_code == 303
                for strokes in (sketch("key"), [[["secret"], [1]]]):
                    client.post("/api/search", json={"strokes": strokes, "words": "secret"}, headers=BEARER)
                assert client.get("/metrics", headers=BEARER).status_code == 404
                assert "sketchshape_requests" in httpx.get(f"http://127.0.0.1:{port}/metrics").text
        finally:
            process.terminate()
            out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert out == ""  # both lines were read
    assert "Traceback" not in err
    assert TOKEN not in out + err
    assert "secret" not in out + err
    assert len(err.splitlines()) == 1  # that who has the token can see the shapes


def test_the_token_comes_from_the_environment_too(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sketchshape.web.gate import server

    apps: list[Any] = []
    monkeypatch.setattr(server, "run", lambda app, listening: apps.append(app) or listening.close())
    monkeypatch.setenv(VARIABLE, TOKEN)
    assert main(["serve", str(index), "--host", "127.0.0.1", "--port", "0"]) == 0
    assert main(["serve", str(index), "--host", "127.0.0.1", "--port", "0", "--no-token"]) == 0
    for app, status in zip(apps, (401, 200), strict=True):
        with serving(app) as client:
            assert client.get("/api/info").status_code == status


# ---- how often


def test_a_bucket_gives_its_rate_and_a_burst_like_the_closed_form() -> None:
    now = 0.0
    buckets = Buckets(4.0, lambda: now)
    assert [buckets.take("a") for _ in range(4 * BURST)] == [0] * 4 * BURST
    assert buckets.take("a") == pytest.approx(0.25)
    assert buckets.take("b") == 0
    now = 0.2
    assert buckets.take("a") == pytest.approx(0.05)
    given = 0
    for step in range(2, 1002):
        now = step / 10
        given += buckets.take("a") == 0
    assert given == 4 * 100


def test_clients_that_come_and_go_take_no_memory() -> None:
    buckets = Buckets(1.0, lambda: 0.0)
    for number in range(KEPT + 500):
        buckets.take(str(number))
    assert len(buckets._levels) == KEPT


def test_who_asks_too_often_is_told_when_to_come_again(searcher: Searcher) -> None:
    with serving(create_app(searcher, rate=0.5, token=TOKEN)) as client:
        statuses = [client.get("/api/info", headers=BEARER).status_code for _ in range(7)]
        assert statuses == [200] * 5 + [429] * 2
        answer = client.get("/api/info", headers=BEARER)
        assert answer.json()["type"] == "urn:sketchshape:too-often"
        assert answer.headers["retry-after"] in ("1", "2")
        assert answer.headers["retry-after"] in answer.json()["detail"]
        spoofed = {"x-forwarded-for": "203.0.113.9", "forwarded": "for=203.0.113.9"}
        assert client.get("/api/info", headers=BEARER | spoofed).status_code == 429


def test_guesses_at_the_token_are_counted_and_this_machine_is_spared(searcher: Searcher) -> None:
    with serving(create_app(searcher, rate=0.5, token=TOKEN)) as client:
        assert [client.get("/api/info").status_code for _ in range(6)] == [401] * 5 + [429]
    with serving(create_app(searcher, rate=0.5, rate_own=False)) as client:
        assert {client.get("/api/info").status_code for _ in range(9)} == {200}


def test_behind_a_trusted_proxy_clients_are_told_apart(searcher: Searcher) -> None:
    with serving(create_app(searcher, rate=0.5, rate_own=False, proxies=["127.0.0.0/8"])) as client:

        def ask(told: str) -> int:
            return client.get("/api/info", headers={"x-forwarded-for": told}).status_code

        assert [ask("203.0.113.1") for _ in range(6)] == [200] * 5 + [429]
        assert ask("203.0.113.2") == 200
        assert ask("203.0.113.2, 203.0.113.1") == 429  # what stands before is what the client wrote
        assert ask("203.0.113.1, 127.0.0.1") == 429


@pytest.mark.parametrize(
    ("peer", "told", "expected"),
    [
        ("198.51.100.7", ["203.0.113.9"], "198.51.100.7"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["203.0.113.9:4711"], "203.0.113.9"),
        ("10.0.0.1", ["192.0.2.5, 203.0.113.9", "10.1.1.1"], "203.0.113.9"),
        ("10.0.0.1", ["203.0.113.9, nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9, , 10.2.2.2"], "10.2.2.2"),
        ("::ffff:10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["[2001:db8:1:2:3::4]:443"], "2001:db8:1:2::/64"),
        ("10.0.0.1", ["2001:db8:1:2:ffff::"], "2001:db8:1:2::/64"),
        ("", ["203.0.113.9"], "None"),
    ],
)
def test_who_a_client_is(peer: str, told: list[str], expected: str) -> None:
    headers = [(b"x-forwarded-for", one.encode()) for one in told]
    scope = {"type": "http", "client": (peer, 1) if peer else None, "headers": headers}
    assert bucket(Clients(["10.0.0.0/8"]).address(scope)) == expected


# ---- what strangers do not see


def test_counts_that_are_shown_elsewhere_are_not_shown_here(searcher: Searcher) -> None:
    metrics = Metrics(len(searcher))
    with serving(create_app(searcher, metrics=metrics)) as client:
        assert client.get("/metrics").status_code == 404
        assert client.get("/healthz").status_code == 200
        assert "/metrics" not in client.get("/openapi.json").json()["paths"]
        port = metrics.serve("127.0.0.1", 0)
        assert 'route="/healthz"' in httpx.get(f"http://127.0.0.1:{port}/metrics").text


def test_the_example_client_has_the_token(searcher: Searcher) -> None:
    client_program = Path(__file__).parents[2] / "examples" / "client.py"
    with serving(create_app(searcher, token=TOKEN)) as client:
        command = [sys.executable, str(client_program), "--server", str(client.base_url), "--words", "key"]
        refused = subprocess.run(command, capture_output=True, text=True, timeout=60)
        let_in = subprocess.run([*command, "--token", TOKEN], capture_output=True, text=True, timeout=60)
    assert (refused.returncode, "token" in refused.stderr) == (1, True)
    assert (let_in.returncode, len(let_in.stdout.splitlines())) == (0, 2)
