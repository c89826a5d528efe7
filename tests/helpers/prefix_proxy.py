"""A proxy that has a service under a path prefix, as nginx and Caddy do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@contextmanager
def proxied(port: int, prefix: str, *, strips: bool, name: str = "") -> Iterator[str]:
    """Serve what is on a port under a prefix, and nothing else.

    Args:
        port: of this machine.
        prefix: such as /shapes.
        strips: take the prefix off before the service is asked.
        name: the host that the service is asked for; empty passes on that of the browser.

    Yields:
        The address of the proxy without the prefix.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self) -> None:
            if not self.path.startswith(f"{prefix}/") and self.path != prefix:
                self.answer(404, [], b"outside of the prefix")
                return
            path = (self.path.removeprefix(prefix) or "/") if strips else self.path
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = dict(self.headers.items()) | {"X-Forwarded-Prefix": "/elsewhere"}
            headers |= {"X-Forwarded-Host": "elsewhere.example", "X-Forwarded-Proto": "https"}
            if name:
                headers["Host"] = name
            connection = HTTPConnection("127.0.0.1", port, timeout=60)
            try:
                connection.request(self.command, path, body or None, headers)
                got = connection.getresponse()
                self.answer(got.status, got.getheaders(), got.read())
            finally:
                connection.close()

        do_GET = do_POST = do_HEAD = forward

        def answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response(status)
            for key, value in headers:
                if key.lower() not in HOP:
                    self.send_header(key, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join(10)
