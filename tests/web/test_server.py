"""The server among clients that do not go on, and how it ends."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra [serve]")
pytest.importorskip("httpx", reason="needs the extra [dev]")

import httpx
from web_server import serving, sketch

from sketchshape.search import Searcher
from sketchshape.web import create_app
from sketchshape.web.gate import server

HOST = b"Host: localhost\r\n"
POST = b"POST /api/search HTTP/1.1\r\n" + HOST + b"Content-Type: image/png\r\nContent-Length: 100000\r\n\r\n"
COMMAND = [sys.executable, "-m", "sketchshape", "serve"]


@pytest.fixture
def client(searcher: Searcher, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    for name, seconds in (("HEAD", 1.0), ("BODY", 1.0), ("REST", 0.5), ("STUCK", 1.0)):
        monkeypatch.setattr(server, name, seconds)
    monkeypatch.setattr(server.Connection, "most", 40)
    with serving(create_app(searcher)) as client:
        yield client


@contextmanager
def connected(client: httpx.Client) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", client.base_url.port or 80), timeout=15) as connection:
        yield connection


def dripped(connection: socket.socket, data: bytes) -> tuple[float, bytes]:
    """Send a byte every tenth of a second; give the seconds until the service ended it, and its answer."""
    start, answer = time.monotonic(), b""
    connection.settimeout(0.1)
    for place in range(150):
        try:
            connection.sendall(data[place : place + 1])
            answer += connection.recv(65536)
            if answer:
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - start, answer


@pytest.mark.parametrize("first", [b"", POST], ids=["head", "body"])
def test_who_sends_byte_by_byte_is_cut_off(client: httpx.Client, first: bytes) -> None:
    with connected(client) as slow:
        slow.sendall(first)
        seconds, answer = dripped(slow, b"x" * 500 if first else b"GET / HTTP/1.1\r\nX-Header: " + b"x" * 500)
    assert 0.9 < seconds < 6
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_who_sends_nothing_is_cut_off(client: httpx.Client) -> None:
    with connected(client) as silent:
        assert silent.recv(100).startswith(b"HTTP/1.1 408 ")
        assert silent.recv(100) == b""


def test_a_kept_connection_has_its_time_anew_for_each_request(client: httpx.Client) -> None:
    with connected(client) as kept:
        for _ in range(2):
            time.sleep(1.6)  # longer than the head of a request may take
            kept.sendall(b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n")
            answer = b""
            while b'"ok"' not in answer:
                answer += kept.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200 ")


def test_a_body_that_comes_at_a_pace_may_take_its_time(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "SPEED", 2_000)
    with connected(client) as slow:
        slow.sendall(POST)
        for _ in range(20):
            time.sleep(0.15)
            slow.sendall(b"x" * 5_000)
        assert slow.recv(65536).startswith(b"HTTP/1.1 422 ")


def test_who_goes_on_after_a_refusal_is_cut_off(client: httpx.Client) -> None:
    head = b"POST /api/search HTTP/1.1\r\n" + HOST + b"Content-Length: 900000000000\r\n\r\n"
    with connected(client) as endless:
        endless.sendall(head)
        assert b" 413 " in endless.recv(65536)
        start = time.monotonic()
        with contextlib.suppress(OSError):
            while time.monotonic() - start < 15:
                endless.sendall(b"x" * 1000)
                time.sleep(0.01)
    assert time.monotonic() - start < 6


def test_who_never_takes_the_answer_is_cut_off(client: httpx.Client, searcher: Searcher) -> None:
    with socket.socket() as greedy:
        greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        greedy.connect(("127.0.0.1", client.base_url.port or 80))
        ask = b"GET /static/vendor/three.js HTTP/1.1\r\n" + HOST + b"\r\n"
        greedy.sendall(ask * 30)
        time.sleep(4)
        greedy.settimeout(5)
        taken = 0
        try:
            while part := greedy.recv(1 << 20):
                taken += len(part)
        except OSError:
            pass
    assert taken < 8_000_000  # of twenty: what was on its way
    assert client.get("/healthz").status_code == 200


def test_a_crowd_that_only_waits_makes_room_for_who_asks(client: httpx.Client) -> None:
    with ExitStack() as stack:
        crowd = [stack.enter_context(connected(client)) for _ in range(120)]
        for number, one in enumerate(crowd[60:]):
            one.sendall(POST if number % 2 else b"GET / HTTP/1.1\r\nX")
        start = time.monotonic()
        for _ in range(5):
            with httpx.Client(base_url=client.base_url) as fresh:
                assert fresh.get("/healthz").status_code == 200
        assert time.monotonic() - start < 2


@pytest.mark.parametrize(
    ("junk", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n", b"400"),
        (b"GET\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: -5\r\n\r\n", b"400"),
        (POST.replace(b"Content-Length: 100000", b"Transfer-Encoding: chunked") + b"zz\r\n\r\n", b"400"),
        (POST.replace(b"Content-Length: 100000", b"Transfer-Encoding: gzip"), b"400"),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"y" * 900_000, b"400"),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: y\r\n" * 300_000, b"400"),
    ],
    ids=lambda value: value[:20].decode("latin-1"),
)
def test_what_is_no_http_is_refused(client: httpx.Client, junk: bytes, status: bytes) -> None:
    with connected(client) as connection:
        answer = b""
        with contextlib.suppress(OSError):  # of what is very long the rest is not taken
            connection.sendall(junk)
            answer = connection.recv(65536)
        assert answer[9:12] == status or len(junk) > 100_000
    assert client.get("/healthz").status_code == 200


@contextmanager
def started(*words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command as a process, and the address that it tells."""
    options: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([*COMMAND, *words, "--port", "0"], **options) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().split()[4]
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_what_is_at_work_is_answered(index: Path, number: signal.Signals) -> None:
    with started(str(index)) as (process, address):
        port = httpx.URL(address).port or 80
        answers: list[bytes] = []
        body = b"x" * 100_000
        slow = socket.create_connection(("127.0.0.1", port), timeout=20)
        slow.sendall(POST + body[:-10])
        idle = socket.create_connection(("127.0.0.1", port), timeout=20)
        httpx.post(f"{address}/api/search", json={"strokes": sketch("key")}).raise_for_status()

        def rest() -> None:
            time.sleep(1)
            slow.sendall(body[-10:])
            answers.append(slow.recv(65536))

        thread = threading.Thread(target=rest)
        thread.start()
        process.send_signal(number)
        time.sleep(0.5)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", port), timeout=1)
        assert idle.recv(100) == b""
        thread.join()
        assert answers[0].startswith(b"HTTP/1.1 422 ")
        assert process.wait(20) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
        slow.close()
        idle.close()


@pytest.mark.slow
def test_who_is_in_the_middle_does_not_keep_it_from_ending(index: Path) -> None:
    with started(str(index)) as (process, address):
        with socket.create_connection(("127.0.0.1", httpx.URL(address).port or 80)) as slow:
            slow.sendall(POST)
            time.sleep(0.3)
            start = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert slow.recv(65536).startswith(b"HTTP/1.1 503 ")
            assert process.wait(20) == 0
        assert time.monotonic() - start < server.GRACE + 4
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def test_there_are_fewer_connections_than_files_may_be_open(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource", reason="only where the system has such limits")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 256))
    assert server.most_connections() == 128
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert server.most_connections() == server.MOST
